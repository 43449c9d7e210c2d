package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"time"

	"palisade.dev/services/internal/variables"
)

type config struct {
	telegram, a2a                        *url.URL
	token, a2aToken                      string
	chatKey                              []byte
	personaSum, allowSum                 string
	personas                             map[int64]string // persona of each allowed chat
	rate, depth, port                    int
	throttleFile                         string
	leaseKind, leaseName, leaseNamespace string
	takeover                             time.Duration
}

var personaTag = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// readConfig is what `--check-config` checks: all faults at once, none with a value (RT-15).
func readConfig() (*config, error) {
	r := &variables.Reader{}
	c := &config{
		telegram: r.HTTPS("TELEGRAM_API_URL", "https://api.telegram.org"), a2a: r.HTTPS("A2A_BASE_URL", ""),
		token: r.RequiredSecret("TELEGRAM_BOT_TOKEN"), a2aToken: r.RequiredSecret("A2A_TOKEN"), chatKey: []byte(r.RequiredSecret("CHAT_ID_HASH_KEY")),
		rate: r.Number("RATE_LIMIT_PER_MINUTE", 20, 1, 6000), depth: r.Number("QUEUE_DEPTH_LIMIT", 100, 1, 100), port: r.Number("OPS_PORT", 8080, 1, 65535),
		throttleFile: os.Getenv("THROTTLE_FILE"), leaseKind: os.Getenv("LEASE_KIND"),
		// After a holder's death another polls within this.
		takeover: r.Seconds("LEASE_SECONDS", 15, 10, 120),
	}
	switch {
	case c.leaseKind == "kubernetes":
		c.leaseName, c.leaseNamespace = r.Required("LEASE_NAME"), r.Required("LEASE_NAMESPACE")
	case c.leaseKind == "none":
	case c.leaseKind == "" && os.Getenv("LEASE_TABLE") != "":
		r.Fault("LEASE_TABLE is a lease in DynamoDB, which this stand-in does not take: it would poll beside the holder")
	default:
		r.Fault("LEASE_KIND must be kubernetes, or none for a process that is alone")
	}
	personas, personaSum := checked(r, "PERSONA_MAP", "config/persona-map.json")
	allowed, allowSum := checked(r, "CHAT_ALLOWLIST", "config/chat-allowlist.json")
	c.personaSum, c.allowSum = personaSum, allowSum
	c.personas = chats(r, personas, allowed)
	return c, r.Err()
}

// checked reads a file of the image and holds it to the checksum that the stack gives.
func checked(r *variables.Reader, name, fallback string) ([]byte, string) {
	file := variables.Or(name+"_FILE", fallback)
	wanted := r.Required(name + "_SHA256")
	text, err := os.ReadFile(file)
	if err != nil {
		r.Fault("%s cannot be read", file)
		return nil, ""
	}
	sum := sha256.Sum256(text)
	found := hex.EncodeToString(sum[:])
	if wanted != "" && found != wanted {
		r.Fault("%s has the checksum %s, which is not %s_SHA256: the file or the variable is of another release", file, found, name)
	}
	return text, found
}

func chats(r *variables.Reader, personas, allowed []byte) map[int64]string {
	var byChat struct {
		Chats map[string]string `json:"chats"`
	}
	var list struct {
		Chats []int64 `json:"chats"`
	}
	if personas == nil || allowed == nil {
		return nil
	}
	if json.Unmarshal(personas, &byChat) != nil || json.Unmarshal(allowed, &list) != nil {
		r.Fault("persona map and chat allowlist must be JSON objects with chats")
		return nil
	}
	found := map[int64]string{}
	for _, chat := range list.Chats {
		persona := byChat.Chats[strconv.FormatInt(chat, 10)]
		if !personaTag.MatchString(persona) {
			r.Fault("an allowed chat has no persona")
			continue
		}
		found[chat] = persona
	}
	return found
}
