package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// climb looks after the load of one workload, once a minute: back-pressure first, then compute (RT-6, RT-7).
func (g *guard) climb(ctx context.Context, w *workload, shown families, now time.Time) error {
	text := w.meta.Annotations[ladderAnnotation]
	if text == "" {
		return nil
	}
	l, err := parseLadder(text)
	if err != nil {
		return err
	}
	measured, missing := g.measure(ctx, w, l, shown)
	past := g.histories[w.meta.UID]
	if past == nil {
		past = &history{}
		g.histories[w.meta.UID] = past
	}
	ringing, waiting := past.add(l, measured, now)
	throttle, err := g.client.CoreV1().ConfigMaps(g.namespace).Get(ctx, l.Throttle.ConfigMap, metav1.GetOptions{})
	if err != nil {
		return err
	}
	before, err := parseState(orDefault(throttle.Data[l.Throttle.Key], "{}"))
	if err != nil {
		return fmt.Errorf("key %s of ConfigMap %s holds no state of a ladder: %w", l.Throttle.Key, l.Throttle.ConfigMap, err)
	}
	after := l.decide(before, ringing, waiting, now.Unix())
	if !after.equals(before) {
		kept, err := json.Marshal(after)
		if err != nil {
			return err
		}
		if throttle.Data == nil {
			throttle.Data = map[string]string{}
		}
		throttle.Data[l.Throttle.Key] = string(kept)
		if _, err := g.client.CoreV1().ConfigMaps(g.namespace).Update(ctx, throttle, metav1.UpdateOptions{}); err != nil {
			return err
		}
		write("ladder.step", "ok", "informational", map[string]any{
			"k8s.name": w.meta.Name, "ladder.percent": after.Percent, "ladder.compute": after.Compute, "ladder.waiting": waiting,
		})
	}
	// The throttle is out before anything that can fail or must wait.
	return errors.Join(g.move(ctx, w, l, after), missing)
}

func (g *guard) measure(ctx context.Context, w *workload, l *ladder, shown families) (reading, error) {
	var r reading
	var missing error
	if l.Pressure.CPUPercent > 0 || l.Wait.CPUPercent > 0 {
		r.cpuPercent, missing = g.cpuPercent(ctx, w, l)
	}
	if shown != nil {
		if o := between(g.shownBefore, shown, l.Metrics.Latency, l.Metrics.Labels); o != nil && g.shownBefore != nil {
			r.latencyP95 = o.quantile(0.95)
		}
		if g.shownBefore != nil {
			r.queueWait = average(g.shownBefore, shown, l.Metrics.QueueWait, l.Metrics.Labels)
		}
	}
	return r, missing
}

// cpuPercent is what the workload's containers use of what they asked for, from metrics.k8s.io.
func (g *guard) cpuPercent(ctx context.Context, w *workload, l *ladder) (*float64, error) {
	var answer struct {
		Items []struct {
			Metadata   metav1.ObjectMeta `json:"metadata"`
			Containers []struct {
				Name  string                       `json:"name"`
				Usage map[string]resource.Quantity `json:"usage"`
			} `json:"containers"`
		} `json:"items"`
	}
	text, err := g.client.CoreV1().RESTClient().Get().AbsPath("/apis/metrics.k8s.io/v1beta1/namespaces", g.namespace, "pods").DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("no CPU figures from metrics.k8s.io: %w", err)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	used := map[string]int64{}
	for _, item := range answer.Items {
		for _, c := range item.Containers {
			cpu := c.Usage["cpu"]
			used[item.Metadata.Name+"/"+c.Name] = cpu.MilliValue()
		}
	}
	var use, asked int64
	for _, pod := range w.pods {
		for _, c := range pod.Spec.Containers {
			if milli, known := used[pod.Name+"/"+c.Name]; known && c.Name == l.containerOf(w) {
				use, asked = use+milli, asked+c.Resources.Requests.Cpu().MilliValue()
			}
		}
	}
	if asked == 0 {
		return nil, nil
	}
	percent := 100 * float64(use) / float64(asked)
	return &percent, nil
}

func (l *ladder) containerOf(w *workload) string {
	if l.Container != "" {
		return l.Container
	}
	return w.template.Spec.Containers[0].Name
}

// move brings each pod to the size of the state, in place. A rollout under way goes first; what the brake stopped stays so.
func (g *guard) move(ctx context.Context, w *workload, l *ladder, s state) error {
	if l.Ceiling == nil || w.rollingOut || w.replicas() == 0 {
		return nil
	}
	name := l.containerOf(w)
	var base *corev1.ResourceRequirements
	for i := range w.template.Spec.Containers {
		if w.template.Spec.Containers[i].Name == name {
			base = &w.template.Spec.Containers[i].Resources
		}
	}
	if base == nil {
		return fmt.Errorf("annotation %s names container %q, which %s %s has not", ladderAnnotation, name, w.kind, w.meta.Name)
	}
	wanted := sized(*base, l, s.Compute == "ceiling")
	var faults []error
	for i := range w.pods {
		pod := &w.pods[i]
		if pod.DeletionTimestamp != nil || (pod.Status.Phase != corev1.PodRunning && pod.Status.Phase != corev1.PodPending) {
			continue
		}
		faults = append(faults, g.resize(ctx, pod, name, wanted))
	}
	return errors.Join(faults...)
}

// sized is the container's size. At the ceiling its limits grow, and with each limit the request that equals it: the pod
// keeps its quality-of-service class, which a resize may not change.
func sized(base corev1.ResourceRequirements, l *ladder, ceiling bool) corev1.ResourceRequirements {
	size := *base.DeepCopy()
	if !ceiling {
		return size
	}
	for name, to := range map[corev1.ResourceName]resource.Quantity{corev1.ResourceCPU: l.Ceiling.CPU, corev1.ResourceMemory: l.Ceiling.Memory} {
		limit, limited := size.Limits[name]
		request, asked := size.Requests[name]
		if !limited || limit.Cmp(to) >= 0 {
			continue
		}
		size.Limits[name] = to
		if asked && request.Cmp(limit) == 0 {
			size.Requests[name] = to
		}
	}
	return size
}

func (g *guard) resize(ctx context.Context, pod *corev1.Pod, container string, wanted corev1.ResourceRequirements) error {
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		if c.Name != container || same(c.Resources, wanted) {
			continue
		}
		memory := c.Resources.Limits.Memory().DeepCopy()
		requested := c.Resources.Requests.Memory().DeepCopy()
		c.Resources = *wanted.DeepCopy()
		_, err := g.client.CoreV1().Pods(g.namespace).UpdateResize(ctx, pod.Name, pod, metav1.UpdateOptions{})
		if apierrors.IsInvalid(err) && memory.Cmp(*wanted.Limits.Memory()) > 0 {
			// Kubernetes before 1.34 takes no memory away from a running container: it goes with the pod.
			if !g.memoryKept[pod.UID] {
				write("ladder.memory_kept", "ok", "informational", map[string]any{"k8s.pod": pod.Name})
				g.memoryKept[pod.UID] = true
			}
			c.Resources.Limits[corev1.ResourceMemory], c.Resources.Requests[corev1.ResourceMemory] = memory, requested
			if c.Resources.Limits.Cpu().Cmp(*wanted.Limits.Cpu()) == 0 && g.cpuIs(ctx, pod.Name, container, *wanted.Limits.Cpu()) {
				return nil
			}
			_, err = g.client.CoreV1().Pods(g.namespace).UpdateResize(ctx, pod.Name, pod, metav1.UpdateOptions{})
		}
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		write("ladder.moved", "ok", "informational", map[string]any{
			"k8s.pod": pod.Name, "k8s.cpu": c.Resources.Limits.Cpu().String(), "k8s.memory": c.Resources.Limits.Memory().String(),
		})
	}
	return nil
}

// Whether a pod has this limit of CPU already.
func (g *guard) cpuIs(ctx context.Context, pod, container string, cpu resource.Quantity) bool {
	found, err := g.client.CoreV1().Pods(g.namespace).Get(ctx, pod, metav1.GetOptions{})
	if err != nil {
		return false
	}
	for _, c := range found.Spec.Containers {
		if c.Name == container {
			return c.Resources.Limits.Cpu().Cmp(cpu) == 0
		}
	}
	return false
}

func same(a, b corev1.ResourceRequirements) bool {
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		for _, pair := range [][2]corev1.ResourceList{{a.Limits, b.Limits}, {a.Requests, b.Requests}} {
			x, y := pair[0][name], pair[1][name]
			if x.Cmp(y) != 0 {
				return false
			}
		}
	}
	return true
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
