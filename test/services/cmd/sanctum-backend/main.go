// Command sanctum-backend stands in for Sanctum's backend in tests: the same port, variables, health and hops (PostgreSQL
// with its certificate verified, the AI core over mutual TLS with a signed token). It is not the real service.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"palisade.dev/services/internal/database"
	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/serve"
	"palisade.dev/services/internal/servicetoken"
	"palisade.dev/services/internal/tlsfiles"
	"palisade.dev/services/internal/variables"
)

const migration = "CREATE TABLE IF NOT EXISTS notes (id text PRIMARY KEY, owner text NOT NULL, content text NOT NULL, written timestamptz NOT NULL DEFAULT now())"

type backend struct {
	records            *record.Writer
	users              *pgxpool.Pool
	aiCore             *url.URL
	calls              *http.Client
	tokenKey, sessions string
	migrated           atomic.Bool
}

func main() { serve.Exit(run()) }

func run() error {
	r := &variables.Reader{}
	b := &backend{
		records: record.New("sanctum", "backend"), aiCore: r.HTTPS("AI_CORE_URL", ""),
		tokenKey: r.RequiredSecret("SERVICE_TOKEN_KEY"), sessions: r.RequiredSecret("JWT_SIGNING_KEY"),
	}
	port, origins := r.Number("PORT", 8443, 1, 65535), variables.Or("ALLOW_ORIGINS", "")
	if origins == "*" && b.records.Env() != "dev" {
		r.Fault("ALLOW_ORIGINS is * outside dev")
	}
	if err := r.Err(); err != nil {
		return err
	}
	files, err := tlsfiles.FromEnvironment(tls.VersionTLS12)
	if err != nil {
		return err
	}
	// Straight to the peer: what is inside goes through no proxy.
	b.calls = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: files.Client(), IdleConnTimeout: 30 * time.Second}}
	if !files.VerifiesPeers() {
		b.records.Write(record.Entry{Event: "peer.unverified", Status: record.OK, Severity: record.Warning})
	}
	if b.users, err = database.Open("DATABASE", "POSTGRES"); err != nil {
		return err
	}
	stop, cancel := serve.StopContext()
	defer cancel()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/sessions", b.session)
	mux.HandleFunc("POST /v1/notes", b.forUser(b.write))
	mux.HandleFunc("GET /v1/notes", b.forUser(b.list))
	mux.HandleFunc("POST /v1/ask", b.forUser(b.ask))
	service := &serve.Service{
		Records: b.records, HealthPath: "/healthz", Healthy: b.healthy, Address: ":" + strconv.Itoa(port), TLS: files,
		Handler:   serve.CORS(origins, files.OnlyCallers(mux, func(*http.Request) {})),
		OnRequest: serve.RequestRecord(b.records),
	}
	err = service.Run(stop)
	b.users.Close()
	return err
}

// healthy is about what this replica needs by itself. The AI core is not part of it: without it notes are written all
// the same, and every backend would leave the load balancer at once.
func (b *backend) healthy(ctx context.Context) error {
	if !b.migrated.Load() {
		if err := database.Migrate(ctx, b.users, migration); err != nil {
			return database.Reason(err)
		}
		b.migrated.Store(true)
	}
	return database.Reason(b.users.Ping(ctx))
}

var userName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// session stands in for a sign-in: it believes whoever names themselves.
func (b *backend) session(w http.ResponseWriter, r *http.Request) {
	var given struct {
		User string `json:"user"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&given); err != nil || !userName.MatchString(given.User) {
		serve.Fail(w, http.StatusBadRequest, "user: a-z, 0-9 and -")
		return
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject: given.User, Audience: jwt.ClaimStrings{"sanctum"}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).SignedString([]byte(b.sessions))
	if err != nil {
		serve.Fail(w, http.StatusInternalServerError, "session")
		return
	}
	serve.JSON(w, http.StatusCreated, map[string]string{"token": token})
}

func (b *backend) forUser(next func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		var claims jwt.RegisteredClaims
		_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return []byte(b.sessions), nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience("sanctum"), jwt.WithExpirationRequired())
		if err != nil {
			serve.Fail(w, http.StatusUnauthorized, "session_refused")
			return
		}
		next(w, r, claims.Subject)
	}
}

func text(w http.ResponseWriter, r *http.Request) (string, bool) {
	var given struct {
		Text string `json:"text"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&given); err != nil || given.Text == "" {
		serve.Fail(w, http.StatusBadRequest, "a JSON object with text is needed")
		return "", false
	}
	return given.Text, true
}

// write keeps a note, and has the AI core remember it.
func (b *backend) write(w http.ResponseWriter, r *http.Request, user string) {
	content, ok := text(w, r)
	if !ok {
		return
	}
	id := record.NewCorrelation()
	if _, err := b.users.Exec(r.Context(), "INSERT INTO notes (id, owner, content) VALUES ($1, $2, $3)", id, user, content); err != nil {
		b.fail(w, r, "database.failed", err, database.Reason(err))
		return
	}
	_, _, err := b.call(r, "/v1/memories", map[string]any{"owner": user, "id": id, "text": content})
	serve.JSON(w, http.StatusCreated, map[string]any{"id": id, "remembered": err == nil})
}

func (b *backend) list(w http.ResponseWriter, r *http.Request, user string) {
	notes := []map[string]string{}
	rows, err := b.users.Query(r.Context(), "SELECT id, content FROM notes WHERE owner = $1 ORDER BY written, id LIMIT 100", user)
	if err == nil {
		defer rows.Close()
		for rows.Next() {
			var id, content string
			if err = rows.Scan(&id, &content); err != nil {
				break
			}
			notes = append(notes, map[string]string{"id": id, "text": content})
		}
		err = errors.Join(err, rows.Err())
	}
	if err != nil {
		b.fail(w, r, "database.failed", err, database.Reason(err))
		return
	}
	serve.JSON(w, http.StatusOK, map[string]any{"notes": notes})
}

func (b *backend) ask(w http.ResponseWriter, r *http.Request, user string) {
	content, ok := text(w, r)
	if !ok {
		return
	}
	status, answer, err := b.call(r, "/v1/similar", map[string]any{"owner": user, "text": content, "limit": 5})
	if err != nil {
		b.fail(w, r, "ai_core.failed", err, errors.New("ai-core"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

func (b *backend) call(r *http.Request, path string, body any) (int, []byte, error) {
	payload, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, b.aiCore.JoinPath(path).String(), bytes.NewReader(payload))
	if err != nil {
		return 0, nil, err
	}
	token, err := servicetoken.Sign(b.tokenKey, "backend", "ai-core")
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("x-correlation-id", record.Token(serve.Correlation(r)))
	response, err := b.calls.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err == nil && response.StatusCode >= 300 {
		err = errors.New("ai-core answered " + strconv.Itoa(response.StatusCode))
	}
	return response.StatusCode, answer, err
}

func (b *backend) fail(w http.ResponseWriter, r *http.Request, event string, err, told error) {
	b.records.Write(record.Entry{Event: event, Status: record.Error, Correlation: serve.Correlation(r), Attributes: record.Cause(err)})
	serve.Fail(w, http.StatusBadGateway, told.Error())
}
