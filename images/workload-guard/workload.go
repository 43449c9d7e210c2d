package main

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
)

// A Deployment or StatefulSet, as far as the guard looks at it, with its pods. Writes go to one object, under the version
// that was read: if somebody else was faster, the next look sees what they did.
type workload struct {
	kind       string
	meta       *metav1.ObjectMeta
	template   *corev1.PodTemplateSpec
	pods       []corev1.Pod
	rollingOut bool

	client      kubernetes.Interface
	deployment  *appsv1.Deployment
	statefulSet *appsv1.StatefulSet
	replicaSets []appsv1.ReplicaSet
}

// All workloads of a namespace that carry an annotation of the guard.
func workloadsOf(ctx context.Context, client kubernetes.Interface, namespace string) ([]*workload, error) {
	deployments, err := client.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	statefulSets, err := client.AppsV1().StatefulSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	replicaSets, err := client.AppsV1().ReplicaSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var all []*workload
	for i := range deployments.Items {
		d := &deployments.Items[i]
		w := &workload{kind: "Deployment", meta: &d.ObjectMeta, template: &d.Spec.Template, deployment: d, client: client}
		w.rollingOut = d.Status.ObservedGeneration < d.Generation || d.Status.UpdatedReplicas < w.replicas() ||
			d.Status.Replicas > d.Status.UpdatedReplicas
		owners := map[string]bool{}
		for _, set := range replicaSets.Items {
			if owner := metav1.GetControllerOf(&set); owner != nil && owner.UID == d.UID {
				owners[string(set.UID)] = true
				w.replicaSets = append(w.replicaSets, set)
			}
		}
		if err := w.take(pods.Items, d.Spec.Selector, owners); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	for i := range statefulSets.Items {
		s := &statefulSets.Items[i]
		w := &workload{kind: "StatefulSet", meta: &s.ObjectMeta, template: &s.Spec.Template, statefulSet: s, client: client}
		w.rollingOut = s.Status.ObservedGeneration < s.Generation || s.Status.UpdateRevision != s.Status.CurrentRevision
		if err := w.take(pods.Items, s.Spec.Selector, map[string]bool{string(s.UID): true}); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return watched(all), nil
}

func watched(all []*workload) []*workload {
	var some []*workload
	for _, w := range all {
		if w.meta.Annotations[budgetAnnotation] != "" || w.meta.Annotations[ladderAnnotation] != "" {
			some = append(some, w)
		}
	}
	return some
}

func (w *workload) take(pods []corev1.Pod, selector *metav1.LabelSelector, owners map[string]bool) error {
	matching, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		owner := metav1.GetControllerOf(&pod)
		if owner != nil && owners[string(owner.UID)] && matching.Matches(labels.Set(pod.Labels)) {
			w.pods = append(w.pods, pod)
		}
	}
	return nil
}

func (w *workload) replicas() int32 {
	replicas := (*int32)(nil)
	if w.deployment != nil {
		replicas = w.deployment.Spec.Replicas
	} else {
		replicas = w.statefulSet.Spec.Replicas
	}
	if replicas == nil {
		return 1
	}
	return *replicas
}

func (w *workload) setReplicas(replicas int32) {
	if w.deployment != nil {
		w.deployment.Spec.Replicas = &replicas
	} else {
		w.statefulSet.Spec.Replicas = &replicas
	}
}

func (w *workload) paused() bool { return w.deployment != nil && w.deployment.Spec.Paused }

func (w *workload) setPaused(paused bool) {
	if w.deployment != nil {
		w.deployment.Spec.Paused = paused
	}
}

func (w *workload) save(ctx context.Context) error {
	if w.deployment != nil {
		_, err := w.client.AppsV1().Deployments(w.meta.Namespace).Update(ctx, w.deployment, metav1.UpdateOptions{})
		return err
	}
	_, err := w.client.AppsV1().StatefulSets(w.meta.Namespace).Update(ctx, w.statefulSet, metav1.UpdateOptions{})
	return err
}

const revisionAnnotation = "deployment.kubernetes.io/revision"

// failingRelease is the newest version of a Deployment of which no pod is ready, if an older one still has ready pods.
func (w *workload) failingRelease() *appsv1.ReplicaSet {
	if w.deployment == nil {
		return nil
	}
	var newest *appsv1.ReplicaSet
	serving := false
	for i := range w.replicaSets {
		set := &w.replicaSets[i]
		if set.Annotations[revisionAnnotation] == w.meta.Annotations[revisionAnnotation] {
			newest = set
		} else if set.Status.ReadyReplicas > 0 {
			serving = true
		}
	}
	if newest == nil || !serving || newest.Status.ReadyReplicas > 0 {
		return nil
	}
	return newest
}
