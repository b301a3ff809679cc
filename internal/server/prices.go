package server

import (
	"fmt"
	"io"
	"os"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/prices"
)

// LoadPrices reads a file of prices; of no file the list is empty.
func LoadPrices(path string) (reeve.PriceList, error) {
	if path == "" {
		return reeve.PriceList{}, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return reeve.PriceList{}, StartError{err}
	}
	list, err := prices.Parse(content)
	if err != nil {
		return reeve.PriceList{}, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// CheckPrices reads a file of prices, the configured one if path is empty, and
// prints what it means.
func CheckPrices(cfg Config, path string, out io.Writer) error {
	if path == "" {
		path = cfg.Prices
	}
	if path == "" {
		return StartError{fmt.Errorf("give a file of prices, here or as --prices")}
	}
	list, err := LoadPrices(path)
	if err != nil {
		return err
	}
	return prices.Print(out, list)
}
