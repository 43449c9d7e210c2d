package main

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The twin on AWS, asked over a pipe. boto3 and the log are not needed to decide.
const twin = `
import importlib.util, json, sys, types
sys.modules["boto3"] = types.ModuleType("boto3")
log = types.ModuleType("log_record"); log.emit = None; sys.modules["log_record"] = log
spec = importlib.util.spec_from_file_location("twin", sys.argv[1])
twin = importlib.util.module_from_spec(spec); spec.loader.exec_module(twin)
for line in sys.stdin:
    c = json.loads(line)
    print(json.dumps(twin.decide(c["state"], c["ringing"], c["waiting"], c["now"], c["rules"])))
`

func TestItDecidesAsTheLadderOnAWS(t *testing.T) {
	type question struct {
		State   state          `json:"state"`
		Ringing bool           `json:"ringing"`
		Waiting bool           `json:"waiting"`
		Now     int64          `json:"now"`
		Rules   map[string]any `json:"rules"`
	}
	random := rand.New(rand.NewSource(7))
	var questions []question
	var answers []state
	var input bytes.Buffer
	for range 60 {
		steps := [][]int{{100, 75, 50, 25}, {100}, {100, 40}}[random.Intn(3)]
		r := rules{steps, int64(60 + random.Intn(120)), int64(60 + random.Intn(600)), int64(60 + random.Intn(300)), random.Intn(2) == 0}
		s, now, ringing := state{Percent: 100, Compute: "base"}, int64(1_900_000_000), false
		for range 80 {
			now += int64(random.Intn(130))
			if random.Intn(12) == 0 {
				ringing = !ringing
			}
			if random.Intn(40) == 0 {
				s.Percent = 10 + random.Intn(100) // Somebody wrote another one by hand.
			}
			waiting := ringing && random.Intn(4) > 0
			ceiling := any(nil)
			if r.grows {
				ceiling = "larger"
			}
			q := question{s, ringing, waiting, now, map[string]any{
				"steps": r.Steps, "stepSeconds": r.StepSeconds, "patienceSeconds": r.PatienceSeconds, "calmSeconds": r.CalmSeconds, "ceiling": ceiling}}
			line, err := json.Marshal(q)
			if err != nil {
				t.Fatal(err)
			}
			input.Write(append(line, '\n'))
			s = r.decide(s, ringing, waiting, now)
			questions, answers = append(questions, q), append(answers, s)
		}
	}
	command := exec.Command("python3", "-c", twin, "../../src/components/aws/lambda/capacity_ladder.py")
	command.Stdin = &input
	output, err := command.Output()
	if err != nil {
		t.Fatalf("the ladder on AWS does not answer: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if len(lines) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(lines), len(questions))
	}
	moves := map[string]bool{}
	for i, line := range lines {
		theirs, err := parseState(line)
		if err != nil {
			t.Fatal(err)
		}
		if !theirs.equals(answers[i]) {
			ours, _ := json.Marshal(answers[i])
			asked, _ := json.Marshal(questions[i])
			t.Fatalf("asked %s:\nhere   %s\non AWS %s", asked, ours, line)
		}
		moves[answers[i].Compute] = true
	}
	if !moves["ceiling"] {
		t.Fatal("nothing ever grew: the questions are too few")
	}
}

func TestTwoMinutesOfThree(t *testing.T) {
	l := &ladder{Pressure: limits{CPUPercent: 60}, Wait: limits{LatencyP95Milliseconds: 12000}}
	value := func(v float64) *float64 { return &v }
	cpu := func(v float64) reading { return reading{cpuPercent: value(v)} }
	late := func(v float64) reading { return reading{latencyP95: value(v)} }
	cases := map[string]struct {
		readings         []reading
		ringing, waiting bool
	}{
		"once":                     {[]reading{cpu(61)}, false, false},
		"at the limit":             {[]reading{cpu(60), cpu(60), cpu(60)}, false, false},
		"twice":                    {[]reading{cpu(61), cpu(61)}, true, false},
		"with one below between":   {[]reading{cpu(61), cpu(1), cpu(61)}, true, false},
		"too long ago":             {[]reading{cpu(61), cpu(1), cpu(1), cpu(61)}, false, false},
		"different limits":         {[]reading{cpu(61), late(12001)}, false, false},
		"waiting is pressure too":  {[]reading{late(12001), late(12001)}, true, true},
		"silence is above nothing": {[]reading{cpu(61), {}, {}}, false, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var h history
			var ringing, waiting bool
			for i, r := range c.readings {
				ringing, waiting = h.add(l, r, start.Add(time.Duration(i)*time.Minute))
			}
			if ringing != c.ringing || waiting != c.waiting {
				t.Errorf("ringing %v, waiting %v", ringing, waiting)
			}
		})
	}
}

func TestLaddersAreRefusedByName(t *testing.T) {
	throttle := `"throttle":{"configMap":"t","key":"k"}`
	if l, err := parseLadder(`{` + throttle + `,"ceiling":{"cpu":"1","memory":"1Gi"}}`); err != nil || !l.grows || l.Steps[3] != 25 {
		t.Errorf("%v, %v", l, err)
	}
	for _, bad := range []string{`{}`, `{`, `{` + throttle + `,"limit":1}`, `{` + throttle + `,"steps":[50]}`,
		`{` + throttle + `,"steps":[100,100]}`, `{` + throttle + `,"stepSeconds":0}`, `{` + throttle + `,"ceiling":{"cpu":"x"}}`} {
		if _, err := parseLadder(bad); err == nil || !strings.Contains(err.Error(), ladderAnnotation) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
