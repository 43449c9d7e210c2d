package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	budgetAnnotation = "palisade.dev/restart-budget"
	haltedAnnotation = "palisade.dev/halted"
	// What is needed to start again, and what was counted: the guard's own.
	haltedReplicasAnnotation = "palisade.dev/halted-replicas"
	haltedTemplateAnnotation = "palisade.dev/halted-template"
	restartsAnnotation       = "palisade.dev/restarts"
)

// brake looks at one workload, and takes at most one step (RT-5).
func (g *guard) brake(ctx context.Context, w *workload, now time.Time) error {
	text, braked := w.meta.Annotations[budgetAnnotation]
	if !braked {
		return nil
	}
	allowed, err := parseBudget(text)
	if err != nil {
		return err
	}
	_, halted := w.meta.Annotations[haltedAnnotation]
	template, stopped := w.meta.Annotations[haltedTemplateAnnotation]
	switch {
	case stopped && (!halted || template != hashOf(w.template)):
		return g.startAgain(ctx, w)
	case halted:
		return g.keepHalted(ctx, w)
	}
	var known *tally
	if text := w.meta.Annotations[restartsAnnotation]; text != "" {
		known = &tally{}
		// What cannot be read was not written here: counting begins anew.
		if json.Unmarshal([]byte(text), known) != nil {
			known = nil
		}
	}
	after := count(known, w.pods, allowed, w.rollingOut, now)
	if after.exceeds(allowed) {
		return g.halt(ctx, w, after.why(allowed))
	}
	kept, err := json.Marshal(after)
	if err != nil || string(kept) == w.meta.Annotations[restartsAnnotation] {
		return err
	}
	w.meta.Annotations[restartsAnnotation] = string(kept)
	return w.save(ctx)
}

// halt stops a workload. A release of a Deployment that fails beside an older version which still serves is stopped alone:
// the older one must not be stopped for it.
func (g *guard) halt(ctx context.Context, w *workload, why string) error {
	replicas := w.replicas()
	failing := w.failingRelease()
	w.meta.Annotations[haltedAnnotation] = why
	w.meta.Annotations[haltedReplicasAnnotation] = strconv.Itoa(int(replicas))
	w.meta.Annotations[haltedTemplateAnnotation] = hashOf(w.template)
	delete(w.meta.Annotations, restartsAnnotation)
	if failing != nil {
		w.setPaused(true)
	} else {
		w.setReplicas(0)
	}
	// One write: whoever is killed after it has stopped the workload and said why.
	if err := w.save(ctx); err != nil {
		return err
	}
	what := "the service is stopped"
	if failing != nil {
		what = "the release is stopped, the version before it goes on"
	}
	write("service.stopped", "ok", "alert", map[string]any{
		"k8s.kind": w.kind, "k8s.name": w.meta.Name, "k8s.replicas": replicas, "k8s.release_only": failing != nil,
	})
	// Said before the release is emptied: if its own controller is faster there, the next look empties it, and says nothing.
	said := g.event(ctx, w, corev1.EventTypeWarning, "RestartBudgetExhausted", fmt.Sprintf("%s: %s", what, why))
	if failing == nil {
		return said
	}
	return errors.Join(said, g.emptyRelease(ctx, w, failing))
}

// keepHalted undoes what an autoscaler or an update without a new template did meanwhile.
func (g *guard) keepHalted(ctx context.Context, w *workload) error {
	if w.paused() {
		if failing := w.failingRelease(); failing != nil {
			return g.emptyRelease(ctx, w, failing)
		}
		return nil
	}
	if w.replicas() == 0 {
		return nil
	}
	w.setReplicas(0)
	return w.save(ctx)
}

// startAgain: somebody removed the annotation, or a new release has come.
func (g *guard) startAgain(ctx context.Context, w *workload) error {
	if before, err := strconv.Atoi(w.meta.Annotations[haltedReplicasAnnotation]); err == nil && w.replicas() == 0 {
		w.setReplicas(int32(before))
	}
	w.setPaused(false)
	for _, name := range []string{haltedAnnotation, haltedReplicasAnnotation, haltedTemplateAnnotation, restartsAnnotation} {
		delete(w.meta.Annotations, name)
	}
	// Restarts until now are known and do not count again.
	fresh, err := json.Marshal(tally{Seen: seenNow(w.pods)})
	if err != nil {
		return err
	}
	w.meta.Annotations[restartsAnnotation] = string(fresh)
	if err := w.save(ctx); err != nil {
		return err
	}
	write("service.started", "ok", "notice", map[string]any{
		"k8s.kind": w.kind, "k8s.name": w.meta.Name, "k8s.replicas": w.replicas(),
	})
	return g.event(ctx, w, corev1.EventTypeNormal, "StartedAgain", "the annotation was removed, or a new release has come")
}

func seenNow(pods []corev1.Pod) map[string]int32 {
	seen := map[string]int32{}
	for _, pod := range pods {
		for _, status := range statuses(pod) {
			seen[string(pod.UID)+"/"+status.Name] = status.RestartCount
		}
	}
	return seen
}

// emptyRelease takes the pods of a release away. Its Deployment is paused, and brings the version before it to full strength.
func (g *guard) emptyRelease(ctx context.Context, w *workload, release *appsv1.ReplicaSet) error {
	if release.Spec.Replicas != nil && *release.Spec.Replicas == 0 {
		return nil
	}
	none := int32(0)
	release.Spec.Replicas = &none
	_, err := g.client.AppsV1().ReplicaSets(g.namespace).Update(ctx, release, metav1.UpdateOptions{})
	return err
}

func (g *guard) event(ctx context.Context, w *workload, kind, reason, message string) error {
	now := metav1.Now()
	_, err := g.client.CoreV1().Events(g.namespace).Create(ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{GenerateName: w.meta.Name + "-", Namespace: g.namespace},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "apps/v1", Kind: w.kind, Namespace: g.namespace, Name: w.meta.Name, UID: w.meta.UID,
		},
		Type: kind, Reason: reason, Message: message, Count: 1, FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: "workload-guard"}, ReportingController: "palisade.dev/workload-guard",
		ReportingInstance: g.name, Action: reason,
	}, metav1.CreateOptions{})
	return err
}

func hashOf(template *corev1.PodTemplateSpec) string {
	text, err := json.Marshal(template)
	if err != nil {
		panic(err) // A template that came as JSON goes as JSON.
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:16]
}
