package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"palisade.dev/services/internal/record"
)

// throttle holds each persona to its share of the rate (RT-7). The file is a mounted key of a ConfigMap: a number of
// percent, or a JSON object with `percent`; it is looked at every two seconds.
type throttle struct {
	file      string
	perMinute int
	records   *record.Writer

	mutex    sync.Mutex
	percent  int
	limiters map[string]*rate.Limiter
}

func newThrottle(c *config, records *record.Writer) *throttle {
	t := &throttle{file: c.throttleFile, perMinute: c.rate, records: records, percent: 100, limiters: map[string]*rate.Limiter{}}
	t.read()
	return t
}

func (t *throttle) watch(ctx context.Context) {
	for ctx.Err() == nil && t.file != "" {
		sleep(ctx, 2*time.Second)
		t.read()
	}
}

func (t *throttle) read() {
	if t.file == "" {
		return
	}
	text, err := os.ReadFile(t.file)
	percent := 0
	if err == nil {
		percent, err = parsePercent(string(text))
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if err != nil {
		// What held before goes on to hold.
		t.records.Write(record.Entry{Event: "throttle.unreadable", Status: record.Error, Severity: record.Warning})
		return
	}
	if percent == t.percent {
		return
	}
	t.percent = percent
	for _, limiter := range t.limiters {
		limiter.SetLimit(t.limit())
		limiter.SetBurst(t.burst())
	}
	t.records.Write(record.Entry{Event: "throttle.changed", Status: record.OK, Attributes: map[string]any{"throttle.percent": percent}})
}

func parsePercent(text string) (int, error) {
	var object struct {
		Percent *int `json:"percent"`
	}
	percent, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		if json.Unmarshal([]byte(text), &object) != nil || object.Percent == nil {
			return 0, errors.New("throttle: neither a number nor an object with percent")
		}
		percent = *object.Percent
	}
	if percent < 1 || percent > 100 {
		return 0, errors.New("throttle: percent is 1 to 100")
	}
	return percent, nil
}

func (t *throttle) limit() rate.Limit { return rate.Limit(float64(t.perMinute*t.percent) / 100 / 60) }
func (t *throttle) burst() int        { return max(1, t.perMinute*t.percent/100) }

func (t *throttle) limiter(persona string) *rate.Limiter {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	found := t.limiters[persona]
	if found == nil {
		found = rate.NewLimiter(t.limit(), t.burst())
		t.limiters[persona] = found
	}
	return found
}
