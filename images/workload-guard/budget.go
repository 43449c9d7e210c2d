package main

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// A restart budget, written `5/15m`: more restarts than that within the window stop the workload (RT-5).
type budget struct {
	restarts int
	window   time.Duration
}

var budgetText = regexp.MustCompile(`^([0-9]{1,3})/([0-9]{1,4})m$`)

func parseBudget(text string) (budget, error) {
	match := budgetText.FindStringSubmatch(text)
	if match == nil {
		return budget{}, fmt.Errorf("annotation %s is %q; restarts/minutes such as 5/15m is allowed", budgetAnnotation, text)
	}
	restarts, _ := strconv.Atoi(match[1])
	minutes, _ := strconv.Atoi(match[2])
	if restarts < 1 || minutes < 1 || minutes > 1440 {
		return budget{}, fmt.Errorf("annotation %s is %q; 1 to 999 restarts in 1 to 1440 minutes are allowed", budgetAnnotation, text)
	}
	return budget{restarts, time.Duration(minutes) * time.Minute}, nil
}

// What is known of a workload's restarts. It is kept on the workload, so that the guard may be restarted itself.
type tally struct {
	// Restart count of each container as last seen, by uid of the pod and name of the container.
	Seen map[string]int32 `json:"seen"`
	// When the restarts of the window were, in Unix seconds, oldest first.
	At []int64 `json:"at"`
	// The last container that ended, and with which exit code, at what time in Unix seconds.
	Container string `json:"container,omitempty"`
	Reason    string `json:"reason,omitempty"`
	ExitCode  int32  `json:"exitCode"`
	EndedAt   int64  `json:"endedAt,omitempty"`
}

// Counts what happened since the last look. Pure. A pod that was replaced keeps its restarts in `At`; a pod that died as a
// whole is counted like a restart, unless a rollout is under way or somebody asked for its end.
func count(before *tally, pods []corev1.Pod, b budget, rollingOut bool, now time.Time) tally {
	after := tally{Seen: map[string]int32{}}
	if before != nil {
		after.At = append(after.At, before.At...)
		after.Container, after.Reason, after.ExitCode, after.EndedAt = before.Container, before.Reason, before.ExitCode, before.EndedAt
	}
	oldest := now.Add(-b.window)
	for _, pod := range pods {
		for _, status := range statuses(pod) {
			key := string(pod.UID) + "/" + status.Name
			after.Seen[key] = status.RestartCount
			known, seen := int32(0), false
			if before != nil {
				known, seen = before.Seen[key], hasKey(before.Seen, key)
			}
			// A guard that comes to a workload older than the window cannot tell when its restarts were.
			if before == nil && !seen && pod.CreationTimestamp.Time.Before(oldest) {
				continue
			}
			at := now
			if ended := status.LastTerminationState.Terminated; ended != nil {
				if !ended.FinishedAt.IsZero() && ended.FinishedAt.Time.Before(now) {
					at = ended.FinishedAt.Time
				}
				if status.RestartCount > known && at.Unix() >= after.EndedAt {
					after.Container, after.Reason, after.ExitCode, after.EndedAt = status.Name, ended.Reason, ended.ExitCode, at.Unix()
				}
			}
			for ; known < status.RestartCount; known++ {
				after.At = append(after.At, at.Unix())
			}
		}
		if !died(pod) {
			continue
		}
		key := string(pod.UID) + "/"
		after.Seen[key] = 1
		old := before == nil && pod.CreationTimestamp.Time.Before(oldest)
		if !rollingOut && !old && (before == nil || !hasKey(before.Seen, key)) {
			after.At = append(after.At, now.Unix())
			after.Container, after.Reason, after.EndedAt = "", pod.Status.Reason, now.Unix()
		}
	}
	sort.Slice(after.At, func(i, j int) bool { return after.At[i] < after.At[j] })
	for len(after.At) > 0 && after.At[0] <= oldest.Unix() {
		after.At = after.At[1:]
	}
	// More than it takes to stop tell nothing.
	if most := b.restarts + 1; len(after.At) > most {
		after.At = after.At[len(after.At)-most:]
	}
	return after
}

func (t tally) exceeds(b budget) bool { return len(t.At) > b.restarts }

// A sentence for the person who is called.
func (t tally) why(b budget) string {
	last := fmt.Sprintf("exit code %d (%s)", t.ExitCode, t.Reason)
	if t.Container == "" {
		last = "pod " + t.Reason
	} else {
		last = fmt.Sprintf("container %s, %s", t.Container, last)
	}
	return fmt.Sprintf("more than %d restarts in %d minutes; last: %s at %s", b.restarts, int(b.window.Minutes()), last,
		time.Unix(t.EndedAt, 0).UTC().Format(time.RFC3339))
}

func statuses(pod corev1.Pod) []corev1.ContainerStatus {
	return append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
}

// Whether a pod ended by itself, such as by eviction; not because somebody asked, or its node was shut down in good order.
func died(pod corev1.Pod) bool {
	asked := pod.DeletionTimestamp != nil || pod.Status.Reason == "Terminated" || pod.Status.Reason == "NodeShutdown" || pod.Status.Reason == "Preempting"
	return pod.Status.Phase == corev1.PodFailed && !asked
}

func hasKey(m map[string]int32, key string) bool {
	_, found := m[key]
	return found
}
