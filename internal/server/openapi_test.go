package server

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/gatewayapi"
	"github.com/reeve-cloud/reeve/internal/web"
)

// TestDocuments holds each listener's OpenAPI document to its golden file,
// what is served to the document, and all to the OpenAPI specification.
func TestDocuments(t *testing.T) {
	c := control.New(nil, control.Settings{})
	faces := Faces(c, Config{}, slog.New(slog.DiscardHandler), nil)
	faces = append(faces, Listener{Name: "sidecar", API: gatewayapi.NewSidecar(c.VerifyKey, c.IngestUsage, web.Options{})})
	for _, face := range faces {
		t.Run(face.Name, func(t *testing.T) {
			document, err := face.API.Document()
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("..", "..", "openapi", face.Name+".json")
			if *update {
				if err := os.WriteFile(golden, document, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(document)); diff != "" {
				t.Errorf("document (-want +got):\n%s\nrun make golden and read the diff", diff)
			}
			if err := validate(t.Context(), document); err != nil {
				t.Error(err)
			}
			if validate(t.Context(), bytes.Replace(document, []byte(`"responses"`), []byte(`"replies"`), 1)) == nil {
				t.Error("a document without replies passes")
			}

			var compact bytes.Buffer
			if err := json.Compact(&compact, want); err != nil {
				t.Fatal(err)
			}
			recorder := httptest.NewRecorder()
			face.API.ServeHTTP(recorder, httptest.NewRequest("GET", "/openapi.json", nil))
			if diff := cmp.Diff(compact.String(), recorder.Body.String()); diff != "" {
				t.Errorf("served (-want +got):\n%s", diff)
			}
		})
	}
}

// validate asks a program that is not ours whether a document is OpenAPI 3.1.
func validate(ctx context.Context, document []byte) error {
	loaded, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return err
	}
	return loaded.Validate(ctx, openapi3.EnableSchemaPatternValidation())
}
