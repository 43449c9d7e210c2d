package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var (
	start = time.Unix(1_900_000_000, 0)
	five  = budget{5, 15 * time.Minute}
)

func pod(uid string, restarts int32) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid), CreationTimestamp: metav1.NewTime(start)},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{
			{Name: "main", RestartCount: restarts},
		}},
	}
}

func failed(uid, reason string) corev1.Pod {
	p := pod(uid, 0)
	p.Status.Phase, p.Status.Reason = corev1.PodFailed, reason
	return p
}

// Each step: what is seen, so many minutes after the one before. The tally goes through JSON, as it does on the workload.
type look struct {
	minutes int
	rolling bool
	pods    []corev1.Pod
}

func TestRestartsAreCountedWithinTheWindow(t *testing.T) {
	old := pod("a", 40)
	old.CreationTimestamp = metav1.NewTime(start.Add(-24 * time.Hour))
	cases := map[string]struct {
		looks []look
		want  int
	}{
		"none":                             {[]look{{0, false, []corev1.Pod{pod("a", 0)}}}, 0},
		"the first look counts a new pod":  {[]look{{0, false, []corev1.Pod{pod("a", 3)}}}, 3},
		"and not what an old one did once": {[]look{{0, false, []corev1.Pod{old}}}, 0},
		"over pods":                        {[]look{{0, false, []corev1.Pod{pod("a", 2), pod("b", 3)}}}, 5},
		"again is no restart":              {[]look{{0, false, []corev1.Pod{pod("a", 2)}}, {1, false, []corev1.Pod{pod("a", 2)}}}, 2},
		"a replaced pod keeps its own":     {[]look{{0, false, []corev1.Pod{pod("a", 2)}}, {1, false, []corev1.Pod{pod("b", 2)}}}, 4},
		"old ones are forgotten":           {[]look{{0, false, []corev1.Pod{pod("a", 4)}}, {15, false, []corev1.Pod{pod("a", 5)}}}, 1},
		"no more than it takes are kept":   {[]look{{0, false, []corev1.Pod{pod("a", 400)}}}, 6},
		"an evicted pod counts once": {[]look{
			{0, false, []corev1.Pod{failed("a", "Evicted")}}, {1, false, []corev1.Pod{failed("a", "Evicted"), pod("b", 0)}}}, 1},
		"not during a rollout, nor after it": {[]look{
			{0, true, []corev1.Pod{failed("a", "Evicted")}}, {1, false, []corev1.Pod{failed("a", "Evicted")}}}, 0},
		"not what somebody asked for": {[]look{{0, false, []corev1.Pod{failed("a", "Terminated")}}}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			now := start
			var known *tally
			for _, l := range c.looks {
				now = now.Add(time.Duration(l.minutes) * time.Minute)
				after := count(known, l.pods, five, l.rolling, now)
				text, err := json.Marshal(after)
				if err != nil {
					t.Fatal(err)
				}
				known = &tally{}
				if err := json.Unmarshal(text, known); err != nil {
					t.Fatal(err)
				}
			}
			if len(known.At) != c.want {
				t.Errorf("counted %d, want %d", len(known.At), c.want)
			}
			if known.exceeds(five) != (c.want > 5) {
				t.Errorf("%d restarts: exceeds is %v", c.want, known.exceeds(five))
			}
		})
	}
}

func TestTheReasonNamesTheLastEnd(t *testing.T) {
	p := pod("a", 6)
	p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
		ExitCode: 137, Reason: "OOMKilled", FinishedAt: metav1.NewTime(start)}
	why := count(nil, []corev1.Pod{p}, five, false, start.Add(time.Minute)).why(five)
	for _, part := range []string{"more than 5 restarts in 15 minutes", "main", "137", "OOMKilled", start.UTC().Format(time.RFC3339)} {
		if !strings.Contains(why, part) {
			t.Errorf("%q does not say %q", why, part)
		}
	}
}

func TestBudgetsAreRefusedByName(t *testing.T) {
	if b, err := parseBudget("5/15m"); err != nil || b != five {
		t.Errorf("5/15m is %v, %v", b, err)
	}
	for _, bad := range []string{"", "5", "5/15", "0/15m", "5/0m", "5/1441m", "-1/15m", "5/15m "} {
		if _, err := parseBudget(bad); err == nil || !strings.Contains(err.Error(), budgetAnnotation) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
