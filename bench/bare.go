package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// poolSize is reeve's default of --database-max-connections.
const poolSize = 20

// projectQuery is the statement with which reeve answers GET /api/projects/{id}.
const projectQuery = `SELECT p.id, p.organization_id, p.owner_id, p.service_account_id, p.name, p.description,
	p.usage_limit, p.bandwidth_limit, p.rate_limit, p.bucket_limit, p.revoked_before, p.created_at,
			(SELECT COUNT(*) FROM project_members m WHERE m.project_id = p.id), f.type, f.frozen_at, f.frozen_until
			FROM projects p LEFT JOIN freezes f ON f.id = p.id WHERE p.id = $1`

// bareProject is reeve's answer to the same request.
type bareProject struct {
	ID             uuid.UUID `json:"id"`
	Name           string    `json:"name"`
	Description    string    `json:"description"`
	PartnerID      uuid.UUID `json:"partnerId"`
	OwnerID        uuid.UUID `json:"ownerId"`
	RateLimit      *int64    `json:"rateLimit"`
	MaxBuckets     *int64    `json:"maxBuckets"`
	CreatedAt      time.Time `json:"createdAt"`
	MemberCount    int       `json:"memberCount"`
	StorageLimit   *int64    `json:"storageLimit"`
	BandwidthLimit *int64    `json:"bandwidthLimit"`
	OrganizationID uuid.UUID `json:"organizationId"`
}

// serveBare is what reeve is compared with: nothing but net/http, the pool, the
// statement and encoding/json.
func serveBare(ctx context.Context, database string) error {
	settings, err := pgxpool.ParseConfig(database)
	if err != nil {
		return err
	}
	settings.MaxConns = poolSize
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return err
	}
	defer pool.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/projects/{project}", func(w http.ResponseWriter, r *http.Request) {
		answerBare(pool, w, r)
	})
	return serveHandler(ctx, mux)
}

// serveHandler serves on a free port, which it tells, until the context ends.
func serveHandler(ctx context.Context, handler http.Handler) error {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Printf("bare http://%s\n", socket.Addr())
	if err := server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func answerBare(pool *pgxpool.Pool, w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(r.PathValue("project"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var p bareProject
	var account [16]byte
	var created int64
	var revokedBefore *int64
	var freeze *string
	var frozenAt, frozenUntil *int64
	err = pool.QueryRow(r.Context(), projectQuery, [16]byte(id)).Scan(
		(*[16]byte)(&p.ID), (*[16]byte)(&p.OrganizationID), (*[16]byte)(&p.OwnerID), &account,
		&p.Name, &p.Description, &p.StorageLimit, &p.BandwidthLimit, &p.RateLimit, &p.MaxBuckets,
		&revokedBefore, &created, &p.MemberCount, &freeze, &frozenAt, &frozenUntil)
	if errors.Is(err, pgx.ErrNoRows) {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p.CreatedAt = time.UnixMicro(created).UTC()
	body, err := json.Marshal(&p)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the client has gone: nobody to tell
}
