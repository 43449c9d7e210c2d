package main

import (
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"sync"
	"time"

	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/serve"
)

// bots is Telegram as far as the services go, and the judge of whether two ever poll at once.
type bots struct {
	// refuse: a second poller is answered with 409, as Telegram does; otherwise both are served, and it is only recorded.
	refuse bool

	mutex sync.Mutex
	byKey map[string]*oneBot
	sent  journal[sent]
	polls journal[poll]
	// overlaps counts polls that began while another of the same bot was open.
	overlaps int
}

type oneBot struct {
	next, confirmed int64
	waiting         []update
	open            map[int]string // polls under way, by who polls
	polled          int
	came            chan struct{} // closed when an update comes
}

type update struct {
	ID      int64          `json:"update_id"`
	Message map[string]any `json:"message"`
}

type sent struct {
	Time string `json:"time"`
	Chat int64  `json:"chat_id"`
	Text string `json:"text"`
}

type poll struct {
	Began   string   `json:"began"`
	Ended   string   `json:"ended"`
	By      string   `json:"by"`
	Offset  int64    `json:"offset"`
	Got     int      `json:"got"`
	Overlap []string `json:"overlap,omitempty"`
}

func telegramCommand(args []string) error {
	flags := flag.NewFlagSet("telegram", flag.ContinueOnError)
	listen, controls := flags.String("listen", ":8443", "address"), flags.String("control", ":9090", "address of the control port")
	refuse := flags.Bool("conflict", false, "answer a second poller with 409")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b := &bots{byKey: map[string]*oneBot{}, refuse: *refuse}
	return runBoth(https(*listen, b.api()), control(*controls, b.control()))
}

func (b *bots) bot(token string) *oneBot {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.locked(token)
}

func (b *bots) locked(token string) *oneBot {
	one := b.byKey[token]
	if one == nil {
		one = &oneBot{next: 1, open: map[int]string{}, came: make(chan struct{})}
		b.byKey[token] = one
	}
	return one
}

func (b *bots) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{bot}/{method}", func(w http.ResponseWriter, r *http.Request) {
		token, isBot := strings.CutPrefix(r.PathValue("bot"), "bot")
		if !isBot || token == "" {
			answer(w, http.StatusNotFound, nil)
			return
		}
		switch r.PathValue("method") {
		case "getMe":
			b.bot(token)
			answer(w, http.StatusOK, map[string]any{"id": 1, "is_bot": true, "first_name": "stand-in"})
		case "getUpdates":
			b.getUpdates(w, r, token)
		case "sendMessage":
			b.sendMessage(w, r)
		case "getFile":
			answer(w, http.StatusOK, map[string]string{"file_path": "voice/file.ogg"})
		default:
			answer(w, http.StatusNotFound, nil)
		}
	})
	mux.HandleFunc("GET /file/{bot}/{path...}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("OggS stand-in")) })
	return mux
}

func answer(w http.ResponseWriter, status int, result any) {
	serve.JSON(w, status, map[string]any{"ok": status == http.StatusOK, "result": result})
}

func (b *bots) getUpdates(w http.ResponseWriter, r *http.Request, token string) {
	asked := struct {
		Offset  int64 `json:"offset"`
		Timeout int   `json:"timeout"`
		Limit   int   `json:"limit"`
	}{Limit: 100}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&asked); err != nil {
		answer(w, http.StatusBadRequest, nil)
		return
	}
	by := r.RemoteAddr
	began := poll{Began: stamp(), By: by, Offset: asked.Offset}
	b.mutex.Lock()
	one := b.locked(token)
	for _, other := range one.open {
		began.Overlap = append(began.Overlap, other)
	}
	if len(began.Overlap) > 0 {
		b.overlaps++
	}
	refused := b.refuse && len(began.Overlap) > 0
	one.polled++
	number := one.polled
	one.open[number] = by
	b.mutex.Unlock()
	defer func() {
		b.mutex.Lock()
		delete(one.open, number)
		b.mutex.Unlock()
		began.Ended = stamp()
		b.polls.add(began)
	}()
	if refused {
		answer(w, http.StatusConflict, nil)
		return
	}
	deadline := time.After(time.Duration(min(max(asked.Timeout, 0), 50)) * time.Second)
	for {
		found, came := b.take(one, asked.Offset, asked.Limit)
		if len(found) > 0 {
			began.Got = len(found)
			answer(w, http.StatusOK, found)
			return
		}
		select {
		case <-came:
		case <-deadline:
			answer(w, http.StatusOK, []update{})
			return
		case <-r.Context().Done():
			return
		}
	}
}

// take confirms what lies before the offset and returns what lies from it on.
func (b *bots) take(one *oneBot, offset int64, limit int) ([]update, <-chan struct{}) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if offset > 0 {
		for len(one.waiting) > 0 && one.waiting[0].ID < offset {
			one.confirmed = one.waiting[0].ID
			one.waiting = one.waiting[1:]
		}
	}
	return append([]update{}, one.waiting[:min(len(one.waiting), max(limit, 1))]...), one.came
}

func (b *bots) sendMessage(w http.ResponseWriter, r *http.Request) {
	var given sent
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&given); err != nil {
		answer(w, http.StatusBadRequest, nil)
		return
	}
	given.Time = stamp()
	b.sent.add(given)
	answer(w, http.StatusOK, map[string]any{"message_id": 1})
}

// control: POST /updates {token, chat, text, voice, count}; GET /state; GET /sent; GET /polls; POST /reset.
func (b *bots) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /updates", func(w http.ResponseWriter, r *http.Request) {
		given := struct {
			Token string `json:"token"`
			Chat  int64  `json:"chat"`
			Text  string `json:"text"`
			Voice bool   `json:"voice"`
			Count int    `json:"count"`
		}{Count: 1}
		if err := json.NewDecoder(r.Body).Decode(&given); err != nil || given.Token == "" {
			serve.Fail(w, http.StatusBadRequest, "token, chat, text, voice, count")
			return
		}
		b.mutex.Lock()
		defer b.mutex.Unlock()
		one := b.locked(given.Token)
		for range given.Count {
			message := map[string]any{"message_id": one.next, "chat": map[string]any{"id": given.Chat}, "text": given.Text}
			if given.Voice {
				message["voice"] = map[string]string{"file_id": record.NewCorrelation()}
			}
			one.waiting = append(one.waiting, update{one.next, message})
			one.next++
		}
		close(one.came)
		one.came = make(chan struct{})
		serve.JSON(w, http.StatusOK, map[string]int64{"last": one.next - 1})
	})
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		waiting, open, confirmed := 0, []string{}, int64(0)
		for _, one := range b.byKey {
			waiting += len(one.waiting)
			confirmed = max(confirmed, one.confirmed)
			for _, by := range one.open {
				open = append(open, by)
			}
		}
		serve.JSON(w, http.StatusOK, map[string]any{"overlaps": b.overlaps, "open": open, "waiting": waiting, "confirmed": confirmed})
	})
	mux.HandleFunc("GET /sent", func(w http.ResponseWriter, _ *http.Request) { b.sent.show(w) })
	mux.HandleFunc("GET /polls", func(w http.ResponseWriter, _ *http.Request) { b.polls.show(w) })
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		b.overlaps = 0
		b.sent.clear()
		b.polls.clear()
		serve.JSON(w, http.StatusOK, nil)
	})
	return mux
}
