package lease

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// apiServer keeps one Lease as the real one does: a version that each write changes and compares.
func apiServer(t *testing.T, held *map[string]any) *httptest.Server {
	version := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		item := r.URL.Path == "/apis/coordination.k8s.io/v1/namespaces/router-dev/leases/router"
		write := func(expected any) {
			var given map[string]any
			if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
				t.Error(err)
			}
			if part(given, "metadata")["resourceVersion"] != expected {
				w.WriteHeader(http.StatusConflict)
				return
			}
			version++
			given["metadata"].(map[string]any)["resourceVersion"] = strconv.Itoa(version)
			*held = given
			_ = json.NewEncoder(w).Encode(given)
		}
		switch {
		case r.Method == http.MethodGet && item:
			if *held == nil {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			_ = json.NewEncoder(w).Encode(*held)
		case r.Method == http.MethodPost && !item:
			if *held != nil {
				w.WriteHeader(http.StatusConflict)
				return
			}
			write(nil)
		case r.Method == http.MethodPut && item:
			write(part(*held, "metadata")["resourceVersion"])
		default:
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func client(t *testing.T, server *httptest.Server) *Kubernetes {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret-token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return NewKubernetes(server.URL, token, "router-dev", "router", &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs})
}

func TestMakesTakesAndKeepsWhatOthersWrote(t *testing.T) {
	var held map[string]any
	server := apiServer(t, &held)
	k := client(t, server)
	ctx := context.Background()
	if state, err := k.Read(ctx); err != nil || state.Version != "" {
		t.Fatalf("%+v %v", state, err)
	}
	made, err := k.Write(ctx, "", "me", 10*time.Second)
	if err != nil || made.Holder != "me" || made.Duration != 10*time.Second || made.Version != "1" {
		t.Fatalf("%+v %v", made, err)
	}
	if _, err := client(t, server).Write(ctx, "", "other", 10*time.Second); !errors.Is(err, ErrConflict) {
		t.Fatal(err)
	}
	held["metadata"].(map[string]any)["labels"] = map[string]any{"app.kubernetes.io/name": "poller"}
	current, err := k.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if renewed, err := k.Write(ctx, current.Version, "me", 10*time.Second); err != nil || renewed.Version != "2" {
		t.Fatalf("%+v %v", renewed, err)
	}
	if _, err := k.Write(ctx, current.Version, "me", 10*time.Second); !errors.Is(err, ErrConflict) {
		t.Fatalf("an outdated version was written: %v", err)
	}
	if part(part(held, "metadata"), "labels")["app.kubernetes.io/name"] != "poller" {
		t.Fatal("labels were lost")
	}
}

func TestARefusalIsAnError(t *testing.T) {
	var held map[string]any
	k := client(t, apiServer(t, &held))
	if err := os.WriteFile(k.tokenFile, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Read(context.Background()); err == nil {
		t.Fatal("a refusal passed for an absent lease: it would be taken")
	}
}
