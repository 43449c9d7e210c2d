package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

const ladderAnnotation = "palisade.dev/capacity-ladder"

// What a service with a capacity ladder says of itself, as JSON in its annotation (RT-6, RT-7).
type ladder struct {
	// Container that is measured and grows; the first.
	Container string `json:"container"`
	Throttle  struct {
		ConfigMap string `json:"configMap"`
		Key       string `json:"key"`
	} `json:"throttle"`
	// Above these the service takes less.
	Pressure limits `json:"pressure"`
	// Above these, and throttling in vain, it grows.
	Wait limits `json:"wait"`
	// What a replica grows to; nothing grows without it.
	Ceiling *struct {
		CPU    resource.Quantity `json:"cpu"`
		Memory resource.Quantity `json:"memory"`
	} `json:"ceiling"`
	// Names under which the collector shows the metrics, and the labels that tell whose they are.
	Metrics struct {
		Latency   string            `json:"latency"`
		QueueWait string            `json:"queueWait"`
		Labels    map[string]string `json:"labels"`
	} `json:"metrics"`
	rules
}

// The pace of the ladder. Percent of its own rate that the service may take, from 100 down; seconds.
type rules struct {
	Steps           []int `json:"steps"`
	StepSeconds     int64 `json:"stepSeconds"`
	PatienceSeconds int64 `json:"patienceSeconds"`
	CalmSeconds     int64 `json:"calmSeconds"`
	grows           bool
}

// Limits of metrics; zero is none.
type limits struct {
	CPUPercent             float64 `json:"cpuPercent"`
	LatencyP95Milliseconds float64 `json:"latencyP95Milliseconds"`
	QueueWaitMilliseconds  float64 `json:"queueWaitMilliseconds"`
}

func parseLadder(text string) (*ladder, error) {
	l := &ladder{rules: rules{Steps: []int{100, 75, 50, 25}, StepSeconds: 120, PatienceSeconds: 600, CalmSeconds: 300}}
	l.Metrics.Latency, l.Metrics.QueueWait = "latency_round_trip_ms", "queue_wait_ms"
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(l); err != nil {
		return nil, fmt.Errorf("annotation %s is no ladder: %w", ladderAnnotation, err)
	}
	if l.Throttle.ConfigMap == "" || l.Throttle.Key == "" {
		return nil, fmt.Errorf("annotation %s lacks throttle.configMap or throttle.key", ladderAnnotation)
	}
	if len(l.Steps) == 0 || l.Steps[0] != 100 {
		return nil, fmt.Errorf("annotation %s has steps %v; from 100 down is allowed", ladderAnnotation, l.Steps)
	}
	for i := 1; i < len(l.Steps); i++ {
		if l.Steps[i] >= l.Steps[i-1] || l.Steps[i] < 1 {
			return nil, fmt.Errorf("annotation %s has steps %v; from 100 down is allowed", ladderAnnotation, l.Steps)
		}
	}
	if l.StepSeconds < 1 || l.PatienceSeconds < 1 || l.CalmSeconds < 1 {
		return nil, fmt.Errorf("annotation %s has a time below one second", ladderAnnotation)
	}
	l.grows = l.Ceiling != nil
	return l, nil
}

// The ladder's state: what the throttle's file holds. The service reads `percent` from it; the rest is the ladder's own.
type state struct {
	Percent        int    `json:"percent"`
	Compute        string `json:"compute"`
	Changed        int64  `json:"changed"`
	ThrottledSince *int64 `json:"throttledSince"`
	WaitingSince   *int64 `json:"waitingSince"`
	CalmSince      *int64 `json:"calmSince"`
}

// A file that holds the percentage alone, as at the start, leaves the rest as it begins.
func parseState(text string) (state, error) {
	s := state{Percent: 100, Compute: "base"}
	err := json.Unmarshal([]byte(text), &s)
	return s, err
}

func (s state) equals(other state) bool {
	a, _ := json.Marshal(s)
	b, _ := json.Marshal(other)
	return string(a) == string(b)
}

// decide is the next state; pure, and the twin of `decide` in src/components/aws/lambda/capacity_ladder.py, to which a
// test holds it. `ringing`: something is above a limit; `waiting`: above one of `wait`.
func (r rules) decide(s state, ringing, waiting bool, now int64) state {
	if ringing {
		return r.up(s, waiting, now)
	}
	return r.down(s, now)
}

func (r rules) up(s state, waiting bool, now int64) state {
	after := s
	after.CalmSince, after.WaitingSince = nil, nil
	if waiting {
		after.WaitingSince = or(s.WaitingSince, now)
	}
	at := r.position(s)
	if at+1 < len(r.Steps) && (at == 0 || now-s.Changed >= r.StepSeconds) {
		after.Percent, after.Changed, after.ThrottledSince = r.Steps[at+1], now, or(s.ThrottledSince, now)
	}
	tried := after.WaitingSince
	if len(r.Steps) > 1 {
		tried = after.ThrottledSince
	}
	if waiting && r.grows && after.Compute == "base" && tried != nil && now-max(*tried, *after.WaitingSince) >= r.PatienceSeconds {
		after.Compute = "ceiling"
	}
	return after
}

func (r rules) down(s state, now int64) state {
	at := r.position(s)
	after := s
	after.WaitingSince = nil
	if at == 0 && s.Compute == "base" {
		after.CalmSince = nil
		return after
	}
	after.CalmSince = or(s.CalmSince, now)
	if now-max(*after.CalmSince, s.Changed) < r.CalmSeconds {
		return after
	}
	if at > 0 {
		after.Percent = r.Steps[at-1]
		if after.Percent == 100 {
			after.ThrottledSince = nil
		}
	} else {
		after.Compute = "base"
	}
	after.Changed = now
	return after
}

// How many steps down; a percentage that is none of them counts as the one above it.
func (r rules) position(s state) int {
	at := 0
	for i, percent := range r.Steps {
		if percent >= s.Percent {
			at = i
		}
	}
	return at
}

func or(known *int64, now int64) *int64 {
	if known != nil && *known != 0 {
		return known
	}
	return &now
}

// One measurement a minute, like a metric's data point. A metric that nobody published is above nothing.
type reading struct{ cpuPercent, latencyP95, queueWait *float64 }

// Which limits were passed in two of the last three minutes.
type history struct {
	at                []time.Time
	pressure, waiting [][]bool
}

const minutesKept = 3

func (h *history) add(l *ladder, r reading, now time.Time) (ringing, waiting bool) {
	above := func(limit float64, value *float64) bool { return limit > 0 && value != nil && *value > limit }
	over := func(of limits) []bool {
		return []bool{above(of.CPUPercent, r.cpuPercent), above(of.LatencyP95Milliseconds, r.latencyP95), above(of.QueueWaitMilliseconds, r.queueWait)}
	}
	h.at = append(h.at, now)
	h.pressure, h.waiting = append(h.pressure, over(l.Pressure)), append(h.waiting, over(l.Wait))
	for len(h.at) > minutesKept || (len(h.at) > 0 && now.Sub(h.at[0]) > minutesKept*time.Minute) {
		h.at, h.pressure, h.waiting = h.at[1:], h.pressure[1:], h.waiting[1:]
	}
	waiting = twoOf(h.waiting)
	return waiting || twoOf(h.pressure), waiting
}

// Whether one and the same limit was passed twice.
func twoOf(minutes [][]bool) bool {
	for limit := 0; limit < 3; limit++ {
		passed := 0
		for _, minute := range minutes {
			if minute[limit] {
				passed++
			}
		}
		if passed >= 2 {
			return true
		}
	}
	return false
}
