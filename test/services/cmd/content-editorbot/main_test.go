package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"palisade.dev/services/internal/objects"
	"palisade.dev/services/internal/objectstest"
	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/telegram"
)

// outside is Telegram and the model in one; down: the model does not answer.
func outside(t *testing.T, down bool) *url.URL {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/file/"):
			_, _ = io.WriteString(w, "OggS")
		case strings.HasPrefix(r.URL.Path, "/v1beta/"):
			if down || r.Header.Get("x-goog-api-key") != "key" {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = io.WriteString(w, `{"candidates":[{"content":{"parts":[{"text":"mediated"}]}}]}`)
		default:
			_, _ = io.WriteString(w, `{"ok":true,"result":{"file_path":"voice/1.ogg"}}`)
		}
	}))
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func handle(t *testing.T, down bool) (*objectstest.Store, error) {
	store := objectstest.Start(t)
	clients, err := objects.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	address := outside(t, down)
	b := &bot{records: record.New("content-pipeline", "editorbot").To(io.Discard), telegram: telegram.New(address, "token"), store: clients.S3, bucket: "artifacts", model: address, key: "key", http: http.DefaultClient}
	var update telegram.Update
	err = json.Unmarshal([]byte(`{"update_id":7,"message":{"message_id":1,"chat":{"id":5},"voice":{"file_id":"f"}}}`), &update)
	return store, errors.Join(err, b.handle(context.Background(), update))
}

func TestWritesTheScriptOfAVoiceMessage(t *testing.T) {
	store, err := handle(t, false)
	if err != nil {
		t.Fatal(err)
	}
	if store.Get("audio/raw/7.ogg") != "OggS" || store.Get("audio/cleaned/7.ogg") != "OggS" || !strings.Contains(store.Get("scripts/7.json"), `"script":"mediated"`) {
		t.Fatalf("%v", store.Objects)
	}
}

func TestGoesOnWithoutTheModelAndSaysSo(t *testing.T) {
	store, err := handle(t, true)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(store.Get("scripts/7.json"), `"mediated":false`) {
		t.Fatalf("%v", store.Objects)
	}
}
