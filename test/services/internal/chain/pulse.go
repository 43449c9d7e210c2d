// Package chain keeps the pulse log of ISS: an append-only file of JSON lines, each of which holds the hash of the one
// before (IS-3, IS-9). Several processes on several machines write one file; it stays one chain.
package chain

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Pulse is one link. Glyph is the hash of everything above it; Signature proves that a holder of the key wrote it.
type Pulse struct {
	Sequence uint64 `json:"sequence"`
	NodeID   string `json:"node_id"`
	Replica  string `json:"replica"`
	Time     string `json:"time"`
	Kind     string `json:"kind"`
	// Subject is the SHA-256 of what the pulse witnesses, such as a descriptor; empty for a pulse of its own.
	Subject   string `json:"subject"`
	Previous  string `json:"previous"`
	Glyph     string `json:"glyph"`
	KeyID     string `json:"key_id"`
	Signature string `json:"signature"`
}

// Genesis is what the first pulse names as its previous one.
const Genesis = "0000000000000000000000000000000000000000000000000000000000000000"

// glyph is the hash over all fields that come before it, each with its length: no two pulses have the same bytes.
func (p Pulse) glyph() string {
	hash := sha256.New()
	for _, field := range []string{strconv.FormatUint(p.Sequence, 10), p.NodeID, p.Replica, p.Time, p.Kind, p.Subject, p.Previous} {
		fmt.Fprintf(hash, "%d:%s", len(field), field)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Signer signs glyphs with a key that the chain's directory does not hold: who can write the files, and computes all
// hashes anew from a changed line on, still cannot sign them.
type Signer struct{ key []byte }

// NewSigner derives the key of signatures from a secret; empty: no signatures.
func NewSigner(secret string) Signer {
	if secret == "" {
		return Signer{}
	}
	derived := hmac.New(sha256.New, []byte(secret))
	derived.Write([]byte("iss pulse signature"))
	return Signer{derived.Sum(nil)}
}

func (s Signer) keyID() string {
	if s.key == nil {
		return ""
	}
	sum := sha256.Sum256(append([]byte("key id:"), s.key...))
	return hex.EncodeToString(sum[:8])
}

func (s Signer) sign(p *Pulse) {
	p.Glyph = p.glyph()
	if s.key != nil {
		p.KeyID, p.Signature = s.keyID(), s.signature(p.Glyph)
	}
}

func (s Signer) signature(glyph string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(glyph))
	return hex.EncodeToString(mac.Sum(nil))
}

// fault is what is wrong with a pulse by itself and after another; empty if nothing is. Signed under another key: none.
func (s Signer) fault(p Pulse, previous *Pulse) string {
	wantSequence, wantPrevious := uint64(1), Genesis
	if previous != nil {
		wantSequence, wantPrevious = previous.Sequence+1, previous.Glyph
	}
	switch {
	case p.Glyph != p.glyph():
		return "its content does not have its hash"
	case p.Previous != wantPrevious:
		return "it does not hold the hash of the one before"
	case p.Sequence != wantSequence:
		return fmt.Sprintf("its number is %d where %d follows", p.Sequence, wantSequence)
	case s.key != nil && p.KeyID == s.keyID() && !hmac.Equal([]byte(p.Signature), []byte(s.signature(p.Glyph))):
		return "its signature is not by the key it names"
	}
	return ""
}

// parse takes one line, exactly as it was written: another spelling of the same content is a change too.
func parse(line []byte) (Pulse, error) {
	var p Pulse
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return p, fmt.Errorf("no pulse")
	}
	if !bytes.Equal(p.line(), append(bytes.Clone(line), '\n')) {
		return p, fmt.Errorf("not as it was written")
	}
	return p, nil
}

func (p Pulse) line() []byte {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and a number
	}
	return append(text, '\n')
}

// short is a name that fits a pulse: what others give must not break a line or hide in one.
func short(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '_'
		}
		return r
	}, text[:min(len(text), 64)])
}
