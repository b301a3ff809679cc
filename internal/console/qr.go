package console

import (
	"image/color"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is how many white modules stand around a QR code (ISO/IEC 18004, 4).
const quiet = 4

// qrCode is a QR code as the path of an SVG, a module of which is one unit wide.
type qrCode struct {
	Size int // of a side
	Path string
}

// newQR makes the QR code of a text; nil if it is too long for one.
func newQR(text string) *qrCode {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil
	}
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for x < side && code.At(x, y) == color.Black {
				x++
			}
			if n := strconv.Itoa(x - from); x > from {
				path.WriteString("M" + strconv.Itoa(from+quiet) + " " + strconv.Itoa(y+quiet) + "h" + n + "v1h-" + n + "z")
			}
		}
	}
	return &qrCode{Size: side + 2*quiet, Path: path.String()}
}
