package gatewayapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/gatewayapi"
	"github.com/reeve-cloud/reeve/internal/web"
)

// TestSidecarEvents: a sidecar takes batches and says that it takes no events.
func TestSidecarEvents(t *testing.T) {
	t.Parallel()
	taken := 0
	api := gatewayapi.NewSidecar(nil, func(_ context.Context, batch control.UsageBatch) ([]string, error) {
		taken++
		return make([]string, len(batch.Records)), nil
	}, web.Options{})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	const batch = `{"sequence":1,"records":[{"projectId":"0192e4a0-0000-7000-8000-000000000000","meter":"storage","at":"2026-11-22T15:44:53Z","value":1}]}`
	refusal := problem(400, "Bad Request", "a sidecar takes no CloudEvents: send them to the server")
	for _, row := range []struct {
		header http.Header
		body   string
		status int
		reply  string
	}{
		{http.Header{"Content-Type": {"application/json"}}, batch, 200, `{"sequence":1,"results":[` + accepted + `]}`},
		{http.Header{"Content-Type": {"text/plain"}}, batch, 200, `{"sequence":1,"results":[` + accepted + `]}`},
		{oneEvent, `{}`, 400, refusal},
		{manyEvents, `[]`, 400, refusal},
		{http.Header{"Content-Type": {"application/cloudevents+avro"}}, `x`, 400, refusal},
		{binary("Ce-Id", "1"), batch, 400, refusal},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/gateway/usage", strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = row.header
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != row.status || string(got) != row.reply {
			t.Errorf("%v %s: %d %s %v", row.header, row.body, response.StatusCode, got, err)
		}
	}
	if taken != 2 {
		t.Errorf("%d batches were taken, not 2", taken)
	}
	document, err := api.Document()
	if err != nil || strings.Contains(string(document), "application/cloudevents") || !strings.Contains(string(document), "CloudEvents are for the server alone") {
		t.Errorf("the document says of events: %s, %v", document, err)
	}
}
