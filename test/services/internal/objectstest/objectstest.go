// Package objectstest is a bucket and a queue in memory, for tests of the content pipeline's stand-ins.
package objectstest

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Store speaks as much of S3 and SQS as the stand-ins do.
type Store struct {
	mutex    sync.Mutex
	Objects  map[string]string // by key, or key?versionId=… for one version
	waiting  []string
	hidden   map[string]string // by receipt handle
	Deleted  int
	GaveBack int
}

// Start serves a store and points the SDK at it.
func Start(t *testing.T) *Store {
	s := &Store{Objects: map[string]string{}, hidden: map[string]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": server.URL, "AWS_ENDPOINT_URL_SQS": server.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"QUEUE_RENDER_URL": server.URL + "/queue/render", "ARTIFACTS_BUCKET": "artifacts",
	} {
		t.Setenv(name, value)
	}
	return s
}

// Send puts a message into the queue.
func (s *Store) Send(body string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.waiting = append(s.waiting, body)
}

// Put puts a version of an object.
func (s *Store) Put(key, version, body string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.Objects[key+"?versionId="+version] = body
}

// Get reads what was written.
func (s *Store) Get(key string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.Objects[key]
}

// Count tells of what a queue did.
func (s *Store) Count() (deleted, gaveBack, waiting int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.Deleted, s.GaveBack, len(s.waiting)
}

func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		s.queue(w, target, body)
		return
	}
	key, isOurs := strings.CutPrefix(r.URL.Path, "/artifacts/")
	switch {
	case !isOurs:
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodPut:
		s.Objects[key] = string(body)
	case r.Method == http.MethodGet:
		found, is := s.Objects[key+"?versionId="+r.URL.Query().Get("versionId")]
		if !is {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, found)
	}
}

func (s *Store) queue(w http.ResponseWriter, target string, body []byte) {
	var given struct {
		ReceiptHandle     string
		VisibilityTimeout int
	}
	_ = json.Unmarshal(body, &given)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	answer := map[string]any{}
	switch strings.TrimPrefix(target, "AmazonSQS.") {
	case "ReceiveMessage":
		if len(s.waiting) > 0 {
			message := s.waiting[0]
			s.waiting = s.waiting[1:]
			sum := md5.Sum([]byte(message))
			handle := hex.EncodeToString(sum[:])
			s.hidden[handle] = message
			answer["Messages"] = []any{map[string]string{"MessageId": handle, "ReceiptHandle": handle, "Body": message, "MD5OfBody": handle}}
		}
	case "DeleteMessage":
		delete(s.hidden, given.ReceiptHandle)
		s.Deleted++
	case "ChangeMessageVisibility":
		if given.VisibilityTimeout == 0 {
			s.waiting = append(s.waiting, s.hidden[given.ReceiptHandle])
			s.GaveBack++
		}
	}
	_ = json.NewEncoder(w).Encode(answer)
}
