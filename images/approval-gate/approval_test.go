package main

import (
	"encoding/json"
	"os/exec"
	"sort"
	"strings"
	"testing"
)

var script = approval{Name: "script", Bucket: "content", Prefix: "scripts/", QueueURL: "https://q/0/render"}

func TestWhatMayBeDecidedAbout(t *testing.T) {
	good := request{"content", "scripts/a b.txt", "v1", approved, "read it"}
	if reason := script.refuses(good); reason != "" {
		t.Errorf("refused: %s", reason)
	}
	cases := map[string]func(*request){
		"another bucket":      func(r *request) { r.Bucket = "other" },
		"another prefix":      func(r *request) { r.Key = "renders/a" },
		"a folder":            func(r *request) { r.Key = "scripts/a/" },
		"no version":          func(r *request) { r.VersionID = "" },
		"the null version":    func(r *request) { r.VersionID = "null" },
		"a strange version":   func(r *request) { r.VersionID = "v1&x=y" },
		"no decision":         func(r *request) { r.Decision = "" },
		"another decision":    func(r *request) { r.Decision = "approved" },
		"no comment":          func(r *request) { r.Comment = " " },
		"a comment too long":  func(r *request) { r.Comment = strings.Repeat("x", 1001) },
		"a key that is a lot": func(r *request) { r.Key = "scripts/" + strings.Repeat("é", 200) },
	}
	for name, change := range cases {
		r := good
		change(&r)
		if script.refuses(r) == "" {
			t.Errorf("%s is not refused", name)
		}
	}
}

// The step of the automation on AWS that writes the message, asked with the same decision.
const twin = `
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("twin", sys.argv[1])
twin = importlib.util.module_from_spec(spec); spec.loader.exec_module(twin)
given = json.load(sys.stdin)
quote = __import__("urllib.parse").parse.quote
given["key"] = quote(given["key"], safe="/")
print(twin.compose(given, None)["message"])
`

func TestTheMessageIsThatOfAWS(t *testing.T) {
	for _, key := range []string{"scripts/a.txt", "scripts/a b+c%d~é\"'&.txt", "scripts/ü/[x].md"} {
		d := decision{Workload: "content-pipeline", Approval: "script", Bucket: "content", Key: key, VersionID: "v1",
			Decision: approved, Approver: "jane", Comment: "read it", At: "2030-01-01T00:00:00Z"}
		given, err := json.Marshal(map[string]any{"workload": d.Workload, "approval": d.Approval, "bucket": d.Bucket, "key": key,
			"versionId": d.VersionID, "execution": d.execution(), "approvers": []string{"of Systems Manager"}})
		if err != nil {
			t.Fatal(err)
		}
		command := exec.Command("python3", "-c", twin, "../../src/components/aws/lambda/compose_release.py")
		command.Stdin = strings.NewReader(string(given))
		answer, err := command.Output()
		if err != nil {
			t.Fatalf("the step on AWS does not answer: %v", err)
		}
		var theirs, ours map[string]any
		if json.Unmarshal(answer, &theirs) != nil || json.Unmarshal([]byte(d.message()), &ours) != nil {
			t.Fatalf("no JSON: %s, %s", answer, d.message())
		}
		// Who approved is named in Systems Manager's own words there.
		theirs["approvers"], ours["approvers"] = nil, nil
		a, _ := json.Marshal(theirs)
		b, _ := json.Marshal(ours)
		if string(a) != string(b) {
			t.Errorf("on AWS %s\nhere   %s", a, b)
		}
	}
}

func TestOneExecutionPerVersion(t *testing.T) {
	d := decision{Workload: "w", Approval: "script", Bucket: "content", Key: "scripts/a", VersionID: "v1"}
	same, other := d, d
	same.Decision, same.Approver, other.VersionID = rejected, "somebody", "v2"
	if d.execution() != same.execution() || d.execution() == other.execution() {
		t.Error("an execution is named by its version, and by nothing else")
	}
}

func TestApprovalsAreRefusedByName(t *testing.T) {
	entry := `{"name":"script","bucket":"b","prefix":"p/","queueUrl":"u"}`
	if all, err := parseApprovals("[" + entry + "]"); err != nil || all["script"].Prefix != "p/" {
		t.Errorf("%v, %v", all, err)
	}
	bad := []string{"", "[]", "[" + entry + "," + entry + "]", strings.Replace("["+entry+"]", "p/", "p", 1),
		strings.Replace("["+entry+"]", "script", "a/b", 1), strings.Replace("["+entry+"]", "bucket", "buckets", 1)}
	sort.Strings(bad)
	for _, text := range bad {
		if _, err := parseApprovals(text); err == nil {
			t.Errorf("%s is not refused", text)
		}
	}
}
