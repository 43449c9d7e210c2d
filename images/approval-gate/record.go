package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"time"
)

// A log record as the platform has them (RT-23). Names of objects only, never content.
func write(event, status, severity, correlation string, attributes map[string]any) {
	for name, value := range attributes {
		if text, ok := value.(string); ok {
			attributes[name] = token(text)
		}
	}
	line, _ := json.Marshal(struct {
		Time          string         `json:"time"`
		Severity      string         `json:"severity"`
		Workload      string         `json:"workload"`
		Service       string         `json:"service"`
		Event         string         `json:"event"`
		CorrelationID string         `json:"correlation_id"`
		ChatIDHash    *string        `json:"chat_id_hash"`
		PersonaTag    *string        `json:"persona_tag"`
		Status        string         `json:"status"`
		LatencyMS     *int64         `json:"latency_ms"`
		Env           string         `json:"env"`
		BuildSHA      string         `json:"build_sha"`
		Attributes    map[string]any `json:"attributes,omitempty"`
	}{
		Time: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), Severity: severity, Event: event, Status: status,
		Workload: os.Getenv("PALISADE_WORKLOAD"), Service: os.Getenv("PALISADE_SERVICE"), CorrelationID: correlation,
		Env: os.Getenv("PALISADE_ENV"), BuildSHA: os.Getenv("BUILD_SHA"), Attributes: attributes,
	})
	fmt.Println(string(line))
}

var notToken = regexp.MustCompile(`[^A-Za-z0-9_.:/@+=-]`)

// An identifier without white space or quotes.
func token(text string) string {
	if text == "" {
		return "-"
	}
	if len(text) > 128 {
		text = text[:128]
	}
	return notToken.ReplaceAllString(text, "_")
}
