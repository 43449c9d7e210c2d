package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"palisade.dev/services/internal/lease"
	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/telegram"
	"palisade.dev/services/internal/telemetry"
)

// judge is Telegram as far as polls go: it holds each open for as long as it was asked to, whatever becomes of who polls.
type judge struct {
	mutex    sync.Mutex
	ends     map[string]time.Time // when the open poll of each ends
	overlaps int
	polls    map[string]int
}

func (j *judge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Timeout int `json:"timeout"`
	}
	_ = json.NewDecoder(r.Body).Decode(&asked)
	if strings.HasSuffix(r.URL.Path, "/getUpdates") {
		who := strings.Split(r.URL.Path, "/")[1]
		wait := time.Duration(asked.Timeout) * time.Second
		j.mutex.Lock()
		for other, end := range j.ends {
			if other != who && time.Now().Before(end) {
				j.overlaps++
			}
		}
		j.ends[who] = time.Now().Add(wait)
		j.polls[who]++
		j.mutex.Unlock()
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
		}
	}
	_, _ = io.WriteString(w, `{"ok":true,"result":[]}`)
}

func (j *judge) count(who string) int {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.polls[who]
}

// shared is one lease for several processes.
type shared struct {
	mutex   sync.Mutex
	state   lease.State
	version int
}

func (s *shared) Read(context.Context) (lease.State, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.state, nil
}

func (s *shared) Write(_ context.Context, version, holder string, duration time.Duration) (lease.State, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if version != s.state.Version {
		return lease.State{}, lease.ErrConflict
	}
	s.version++
	s.state = lease.State{Holder: holder, Version: string(rune('0' + s.version%1000)), Duration: duration}
	return s.state, nil
}

// frozen stands still from a moment on: neither renews nor knows that its time is over.
type frozen struct {
	*lease.Lease
	from context.Context
}

func (f frozen) Tick(ctx context.Context) error {
	if f.from.Err() != nil {
		return nil
	}
	return f.Lease.Tick(ctx)
}

// A holder that stops renewing in the middle of a poll is followed within the limit, and its poll is over by then even at
// Telegram's end, although nobody cancels it.
func TestTheNextOnePollsInTimeAndNeverBesideTheOther(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as a takeover")
	}
	const takeover = 15 * time.Second
	court := &judge{ends: map[string]time.Time{}, polls: map[string]int{}}
	server := httptest.NewServer(court)
	defer server.Close()
	store := &shared{}
	stop, end := context.WithCancel(context.Background())
	defer end()
	dead, die := context.WithCancel(stop)
	defer die()
	meters, err := telemetry.NewRouter()
	if err != nil {
		t.Fatal(err)
	}
	begin := func(name string, holds context.Context) {
		address, _ := url.Parse(server.URL)
		p := &poller{
			config: &config{depth: 10}, records: record.New("router", "poller").To(io.Discard), meters: meters,
			lease: frozen{lease.New(store, name, takeover), holds}, telegram: telegram.New(address, name),
		}
		go p.keepLease(stop)
		go p.poll(stop)
	}
	begin("first", dead)
	for court.count("botfirst") == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	begin("second", stop)
	time.Sleep(4 * time.Second)
	if court.count("botsecond") > 0 {
		t.Fatal("the second polls although the first lives")
	}
	died := time.Now()
	die()
	for court.count("botsecond") == 0 {
		time.Sleep(10 * time.Millisecond)
		if time.Since(died) > takeover {
			t.Fatalf("nobody polls %s after the holder's death", takeover)
		}
	}
	t.Logf("taken over after %s", time.Since(died).Round(100*time.Millisecond))
	time.Sleep(time.Second)
	court.mutex.Lock()
	defer court.mutex.Unlock()
	if court.overlaps > 0 {
		t.Fatalf("two polled at once, %d times", court.overlaps)
	}
}
