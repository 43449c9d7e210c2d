// Package spice keeps the process descriptors of ISS: append-only lines, an index over them, and the log of what binds
// them (Article VII). Each descriptor's hash is the subject of a pulse, so that the chain witnesses it (IS-9).
package spice

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Descriptor is what a caller says of a process; names as in the service's guide.
type Descriptor struct {
	ProcessName       string   `json:"process_name"`
	ProcessVersion    string   `json:"process_version"`
	CapabilityLevel   int      `json:"capability_level"`
	ProcessOutcome    string   `json:"process_outcome"`
	ComplianceScore   float64  `json:"compliance_score"`
	AprioriRefs       []string `json:"apriori_refs"`
	AposterioriRefs   []string `json:"aposteriori_refs"`
	GlyphRangeStart   string   `json:"glyph_range_start"`
	GlyphRangeEnd     string   `json:"glyph_range_end"`
	GlyphCount        int      `json:"glyph_count"`
	EvidenceRequired  []string `json:"evidence_required"`
	EvidenceProvided  []string `json:"evidence_provided"`
	AssessedBy        string   `json:"assessed_by"`
	AssessmentMethod  string   `json:"assessment_method"`
	ActiveConstraints []string `json:"active_constraints"`
}

// Stored is a descriptor as its line holds it.
type Stored struct {
	ID   string    `json:"descriptor_id"`
	Time time.Time `json:"recorded_at"`
	Descriptor
}

var word = regexp.MustCompile(`^[A-Za-z0-9_.:/@+=-]{1,128}$`)

// Check names all that is wrong, without showing it.
func (d Descriptor) Check() error {
	var faults []error
	wrong := func(field, allowed string) { faults = append(faults, fmt.Errorf("%s: %s", field, allowed)) }
	for field, value := range map[string]string{
		"process_name": d.ProcessName, "process_version": d.ProcessVersion, "process_outcome": d.ProcessOutcome,
		"assessed_by": d.AssessedBy, "assessment_method": d.AssessmentMethod, "glyph_range_start": d.GlyphRangeStart, "glyph_range_end": d.GlyphRangeEnd,
	} {
		if !word.MatchString(value) {
			wrong(field, "an identifier of at most 128 characters without spaces")
		}
	}
	for field, values := range map[string][]string{
		"apriori_refs": d.AprioriRefs, "aposteriori_refs": d.AposterioriRefs, "evidence_required": d.EvidenceRequired,
		"evidence_provided": d.EvidenceProvided, "active_constraints": d.ActiveConstraints,
	} {
		if len(values) > 64 {
			wrong(field, "at most 64")
		}
		for _, value := range values {
			if !word.MatchString(value) {
				wrong(field, "identifiers of at most 128 characters without spaces")
				break
			}
		}
	}
	if d.CapabilityLevel < 0 || d.CapabilityLevel > 5 {
		wrong("capability_level", "0 to 5")
	}
	if !(d.ComplianceScore >= 0 && d.ComplianceScore <= 1) {
		wrong("compliance_score", "0 to 1")
	}
	if d.GlyphCount < 0 {
		wrong("glyph_count", "0 or more")
	}
	return errors.Join(faults...)
}
