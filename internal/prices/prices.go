// Package prices reads the file in which an operator says what usage costs,
// and shows what it means. docs/prices.md describes it.
package prices

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/reeve-cloud/reeve"
)

// MaxFile is the size of the largest file, in bytes.
const MaxFile = 1 << 20

// Parse reads a file of prices. Its error is one line and says where in the
// file it is. Numbers are taken as they are written: none is ever a float.
func Parse(content []byte) (reeve.PriceList, error) {
	if len(content) > MaxFile {
		return reeve.PriceList{}, fmt.Errorf("the file is larger than %d bytes", MaxFile)
	}
	root, err := document(content)
	if err != nil || root == nil {
		return reeve.PriceList{}, err
	}
	var p parser
	for key, node := range pairs(root, &err) {
		meter, unknown := reeve.ParseUsageMeter(key.Value)
		if unknown != nil {
			return reeve.PriceList{}, at(key, "%s: is no meter", shown(key))
		}
		if err := p.meter(meter, key, node); err != nil {
			return reeve.PriceList{}, err
		}
	}
	if err != nil {
		return reeve.PriceList{}, err
	}
	list, err := reeve.NewPriceList(p.prices)
	if fault, ok := errors.AsType[*reeve.PriceFault](err); ok {
		return list, p.places[fault.Price].explain(fault)
	}
	return list, err
}

// document gives the root of the only document, nil if it is empty.
func document(content []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var first, second yaml.Node
	switch err := decoder.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file holds more than one YAML document")
	}
	root := first.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.Tag == "!!null":
		return nil, nil
	case root.Kind != yaml.MappingNode:
		return nil, at(root, "the file must be a mapping from meters to their prices")
	}
	return root, nil
}

// parser collects prices and where they stand.
type parser struct {
	prices []reeve.Price
	places []place
}

// place is where a price stands in the file.
type place struct {
	meter reeve.UsageMeter
	node  *yaml.Node
	keys  map[string]*yaml.Node // the values of its keys
	tiers []place
}

// explain gives a fault with the line that it is in.
func (p place) explain(fault *reeve.PriceFault) error {
	where := p
	if fault.Tier >= 0 && fault.Tier < len(p.tiers) {
		where = p.tiers[fault.Tier]
	}
	node := where.node
	if value := where.keys[fault.Key]; value != nil {
		node = value
	}
	return at(node, "%s: %s: %s", p.meter, fault.Key, fault.Reason)
}

// meter reads the list of a meter's prices.
func (p *parser) meter(m reeve.UsageMeter, key, node *yaml.Node) error {
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		return at(key, "%s: must be a list of prices", m)
	}
	for _, item := range node.Content {
		if len(p.prices) == reeve.MaxPrices {
			return at(item, "%s: there are more than %d prices in the file", m, reeve.MaxPrices)
		}
		price, where, err := parsePrice(m, item)
		if err != nil {
			return err
		}
		p.prices, p.places = append(p.prices, price), append(p.places, where)
	}
	return nil
}

// parsePrice reads one price of a meter.
func parsePrice(m reeve.UsageMeter, node *yaml.Node) (out reeve.Price, where place, err error) {
	out.Meter = m
	where, err = read(m, node, "from", "unit", "free", "price", "tiers")
	if err != nil {
		return out, where, err
	}
	from, err := where.text("from", true)
	if err != nil {
		return out, where, err
	}
	if out.From, err = parseFrom(from); err != nil {
		return out, where, where.wrong("from", err)
	}
	unit, err := where.text("unit", true)
	if err != nil {
		return out, where, err
	}
	if out.Unit, err = reeve.ParsePriceUnit(m, unit); err != nil {
		return out, where, where.wrong("unit", err)
	}
	if out.Free, err = where.number("free", false); err != nil {
		return out, where, err
	}
	switch tiers, price := where.keys["tiers"], where.keys["price"]; {
	case (tiers == nil) == (price == nil):
		return out, where, at(node, "%s: give either price or tiers", m)
	case price != nil:
		tier := reeve.PriceTier{}
		tier.Price, err = where.number("price", true)
		out.Tiers = []reeve.PriceTier{tier}
	default:
		out.Tiers, err = where.parseTiers(tiers)
	}
	return out, where, err
}

// parseTiers reads the tiers of a price.
func (p *place) parseTiers(node *yaml.Node) (out []reeve.PriceTier, err error) {
	if node.Kind != yaml.SequenceNode {
		return nil, at(node, "%s: tiers: must be a list", p.meter)
	}
	if len(node.Content) > reeve.MaxPriceTiers {
		return nil, at(node, "%s: tiers: there are more than %d", p.meter, reeve.MaxPriceTiers)
	}
	for _, item := range node.Content {
		where, err := read(p.meter, item, "up-to", "price")
		if err != nil {
			return nil, err
		}
		var tier reeve.PriceTier
		if tier.UpTo, err = where.number("up-to", false); err != nil {
			return nil, err
		}
		if tier.Price, err = where.number("price", true); err != nil {
			return nil, err
		}
		out, p.tiers = append(out, tier), append(p.tiers, where)
	}
	return out, nil
}

// parseFrom reads the day from which a price holds, the first of a month.
func parseFrom(text string) (reeve.Month, error) {
	if month, err := reeve.ParseMonth(text); err == nil {
		return month, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	switch {
	case err != nil:
		return 0, errors.New("must be a month such as 2026-01, or its first day")
	case day.Day() != 1:
		return 0, errors.New("must be the first day of a month: prices hold for whole months")
	}
	return reeve.MonthOf(day), nil
}

// read takes a mapping apart, which may have only some keys.
func read(m reeve.UsageMeter, node *yaml.Node, allowed ...string) (place, error) {
	out := place{meter: m, node: node, keys: map[string]*yaml.Node{}}
	if node.Kind != yaml.MappingNode {
		return out, at(node, "%s: must be a mapping", m)
	}
	var err error
	for key, value := range pairs(node, &err) {
		if !slices.Contains(allowed, key.Value) {
			return out, at(key, "%s: unknown key %s", m, shown(key))
		}
		out.keys[key.Value] = value
	}
	return out, err
}
