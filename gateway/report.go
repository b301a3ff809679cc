package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// deliverTimeout bounds one attempt to deliver a batch: a connection that is cut
// without a word must not hold up the next one for ever.
const deliverTimeout = 30 * time.Second

// maxReply bounds what is read of an answer; those to a batch are far shorter.
const maxReply = 1 << 20

// DeliverTo makes the Deliver that posts batches to a server's gateway
// listener, such as http://127.0.0.1:8082, with a gateway's token. An answer
// that is not the server's, whatever its status, counts as none.
func DeliverTo(client *http.Client, base, token string) Deliver {
	url := strings.TrimSuffix(base, "/") + "/gateway/usage"
	return func(ctx context.Context, batch Batch) ([]Refusal, error) {
		ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
		defer cancel()
		body, err := json.Marshal(batch)
		if err != nil {
			return nil, err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			return nil, err
		}
		defer func() { _ = response.Body.Close() }()
		reply, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
		if err != nil {
			return nil, err
		}
		if response.StatusCode != http.StatusOK {
			return nil, usageFailure(response, reply)
		}
		return readResults(batch, reply)
	}
}

// usageFailure reads the problem (RFC 9457) that a batch was answered with.
func usageFailure(response *http.Response, body []byte) error {
	var problem struct {
		Detail   string
		Sequence *int64
	}
	known := strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") &&
		json.Unmarshal(body, &problem) == nil
	switch status := response.StatusCode; {
	case known && status == http.StatusConflict && problem.Sequence != nil:
		return &ConflictError{*problem.Sequence, problem.Detail}
	case known && (status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge):
		return &BatchRefusedError{status, problem.Detail}
	default:
		return fmt.Errorf("answered with %s %s", response.Status, problem.Detail)
	}
}

var errForeignReply = errors.New("answered with something else than the results of the batch")

// readResults finds the refusals in the answer to a batch.
func readResults(batch Batch, body []byte) (refusals []Refusal, err error) {
	var reply struct {
		Sequence int64
		Results  []struct{ Status, Reason string }
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, errors.Join(errForeignReply, err)
	}
	if reply.Sequence != batch.Sequence || len(reply.Results) != len(batch.Records) {
		return nil, errForeignReply
	}
	for i, result := range reply.Results {
		switch result.Status {
		case "accepted":
		case "refused":
			refusals = append(refusals, Refusal{batch.Records[i], result.Reason})
		default:
			return nil, errForeignReply
		}
	}
	return refusals, nil
}
