// Command sanctum-ai-core stands in for Sanctum's AI core in tests: the same port, variables, health and hops (mutual TLS
// and a signed token from the backend, vectors in pgvector). Its embeddings are hashes of words; it is not the real service.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"hash/fnv"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"

	"palisade.dev/services/internal/database"
	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/serve"
	"palisade.dev/services/internal/servicetoken"
	"palisade.dev/services/internal/tlsfiles"
	"palisade.dev/services/internal/variables"
)

const dimensions = 1024

var migration = []string{
	"CREATE EXTENSION IF NOT EXISTS vector",
	"CREATE TABLE IF NOT EXISTS memories (owner text NOT NULL, id text NOT NULL, content text NOT NULL, embedding vector(1024) NOT NULL, PRIMARY KEY (owner, id))",
}

type core struct {
	records  *record.Writer
	vectors  *pgxpool.Pool
	tokenKey string
	migrated atomic.Bool
}

func main() { serve.Exit(run()) }

func run() error {
	r := &variables.Reader{}
	c := &core{records: record.New("sanctum", "ai-core"), tokenKey: r.RequiredSecret("SERVICE_TOKEN_KEY")}
	port := r.Number("PORT", 8444, 1, 65535)
	if err := r.Err(); err != nil {
		return err
	}
	files, err := tlsfiles.FromEnvironment(tls.VersionTLS12)
	if err != nil {
		return err
	}
	if c.vectors, err = database.Open("VECTORS", "VECTORS"); err != nil {
		return err
	}
	stop, cancel := serve.StopContext()
	defer cancel()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/memories", c.remember)
	mux.HandleFunc("POST /v1/similar", c.similar)
	service := &serve.Service{
		Records: c.records, HealthPath: "/healthz", Healthy: c.healthy, Address: ":" + strconv.Itoa(port), TLS: files,
		Handler: files.OnlyCallers(c.onlyWithToken(mux), c.refused("certificate")), OnRequest: serve.RequestRecord(c.records),
	}
	err = service.Run(stop)
	c.vectors.Close()
	return err
}

// healthy migrates first: a replica without its tables takes no traffic.
func (c *core) healthy(ctx context.Context) error {
	if !c.migrated.Load() {
		if err := database.Migrate(ctx, c.vectors, migration...); err != nil {
			return database.Reason(err)
		}
		c.migrated.Store(true)
	}
	return database.Reason(c.vectors.Ping(ctx))
}

func (c *core) refused(by string) func(*http.Request) {
	return func(r *http.Request) {
		c.records.Write(record.Entry{Event: "caller.refused", Status: record.Refused, Severity: record.Warning, Correlation: serve.Correlation(r),
			Attributes: map[string]any{"caller.refused_by": by}})
	}
}

// onlyWithToken takes the second proof: who has the certificate of a caller still needs the key of its tokens.
func (c *core) onlyWithToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		caller, err := servicetoken.Verify(c.tokenKey, token, "ai-core")
		if err != nil || caller != "backend" {
			c.refused("token")(r)
			serve.Fail(w, http.StatusUnauthorized, "token_refused")
			return
		}
		next.ServeHTTP(w, r)
	})
}

type memory struct {
	Owner string `json:"owner"`
	ID    string `json:"id"`
	Text  string `json:"text"`
	Limit int    `json:"limit"`
}

func read(w http.ResponseWriter, r *http.Request) (memory, bool) {
	var given memory
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&given)
	if err == nil && (given.Owner == "" || given.Text == "") {
		err = errors.New("owner and text")
	}
	if err != nil {
		serve.Fail(w, http.StatusBadRequest, "a JSON object with owner and text is needed")
	}
	return given, err == nil
}

func (c *core) remember(w http.ResponseWriter, r *http.Request) {
	given, ok := read(w, r)
	if !ok {
		return
	}
	_, err := c.vectors.Exec(r.Context(),
		"INSERT INTO memories (owner, id, content, embedding) VALUES ($1, $2, $3, $4::vector) ON CONFLICT (owner, id) DO UPDATE SET content = EXCLUDED.content, embedding = EXCLUDED.embedding",
		given.Owner, given.ID, given.Text, literal(embed(given.Text)))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	serve.JSON(w, http.StatusCreated, map[string]string{"id": given.ID})
}

func (c *core) similar(w http.ResponseWriter, r *http.Request) {
	given, ok := read(w, r)
	if !ok {
		return
	}
	type near struct {
		ID       string  `json:"id"`
		Text     string  `json:"text"`
		Distance float64 `json:"distance"`
	}
	found := []near{}
	rows, err := c.vectors.Query(r.Context(),
		"SELECT id, content, embedding <=> $2::vector AS distance FROM memories WHERE owner = $1 ORDER BY distance LIMIT $3",
		given.Owner, literal(embed(given.Text)), min(max(given.Limit, 1), 50))
	if err == nil {
		defer rows.Close()
		for rows.Next() {
			var one near
			if err = rows.Scan(&one.ID, &one.Text, &one.Distance); err != nil {
				break
			}
			found = append(found, one)
		}
		err = errors.Join(err, rows.Err())
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	serve.JSON(w, http.StatusOK, map[string]any{"memories": found})
}

func (c *core) fail(w http.ResponseWriter, r *http.Request, err error) {
	c.records.Write(record.Entry{Event: "vectors.failed", Status: record.Error, Correlation: serve.Correlation(r), Attributes: record.Cause(err)})
	serve.Fail(w, http.StatusBadGateway, database.Reason(err).Error())
}

// embed hashes words into a vector of length one: texts that share words lie near each other, which is all a test needs.
func embed(text string) []float64 {
	vector := make([]float64, dimensions)
	for _, word := range strings.Fields(strings.ToLower(text)) {
		sum := fnv.New64a()
		_, _ = sum.Write([]byte(word))
		vector[sum.Sum64()%dimensions]++
	}
	length := 0.0
	for _, value := range vector {
		length += value * value
	}
	if length == 0 {
		vector[0], length = 1, 1
	}
	for i := range vector {
		vector[i] /= math.Sqrt(length)
	}
	return vector
}

func literal(vector []float64) string {
	parts := make([]string, len(vector))
	for i, value := range vector {
		parts[i] = strconv.FormatFloat(value, 'g', 6, 64)
	}
	return "[" + strings.Join(parts, ",") + "]"
}
