package main

import (
	"context"
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// The ledger keeps one object per decided version. Its name follows from the version, so that the API server itself lets
// one decision be taken, and its label says whether what must follow is still to do.
type ledger struct {
	client    kubernetes.Interface
	namespace string
}

const (
	stateLabel = "palisade.dev/approval"
	unsent     = "unsent"
	done       = "done"
	dataKey    = "decision.json"
)

// take writes a decision down. If one was taken before, it is returned instead, with `first` false.
func (l ledger) take(ctx context.Context, d decision) (kept *corev1.ConfigMap, first bool, err error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, false, err
	}
	kept, err = l.client.CoreV1().ConfigMaps(l.namespace).Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "approval-" + d.execution(), Labels: map[string]string{stateLabel: unsent}},
		Data:       map[string]string{dataKey: string(text)},
		Immutable:  pointer(true),
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		kept, err = l.get(ctx, "approval-"+d.execution())
		return kept, false, err
	}
	return kept, err == nil, err
}

func (l ledger) get(ctx context.Context, name string) (*corev1.ConfigMap, error) {
	return l.client.CoreV1().ConfigMaps(l.namespace).Get(ctx, name, metav1.GetOptions{})
}

// finish says that all that follows from a decision is done.
func (l ledger) finish(ctx context.Context, kept *corev1.ConfigMap) error {
	after := kept.DeepCopy()
	after.Labels[stateLabel] = done
	after.Annotations = map[string]string{"palisade.dev/done-at": time.Now().UTC().Format(time.RFC3339)}
	_, err := l.client.CoreV1().ConfigMaps(l.namespace).Update(ctx, after, metav1.UpdateOptions{})
	return err
}

func (l ledger) list(ctx context.Context, selector string) ([]corev1.ConfigMap, error) {
	found, err := l.client.CoreV1().ConfigMaps(l.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	return found.Items, nil
}

func decisionOf(kept *corev1.ConfigMap) (decision, error) {
	var d decision
	err := json.Unmarshal([]byte(kept.Data[dataKey]), &d)
	return d, err
}

func pointer[T any](value T) *T { return &value }
