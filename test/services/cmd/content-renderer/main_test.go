package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"palisade.dev/services/internal/objects"
	"palisade.dev/services/internal/objectstest"
	"palisade.dev/services/internal/record"
)

func begin(t *testing.T, work time.Duration) (*renderer, *objectstest.Store) {
	store := objectstest.Start(t)
	clients, err := objects.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	queue := "http://queue/render"
	return &renderer{records: record.New("content-pipeline", "renderer").To(io.Discard), clients: clients, queue: queue, bucket: "artifacts", work: work}, store
}

const released = `{"bucket":"artifacts","key":"scripts/a%20b.json","versionId":"v2","approval":"release","approvers":["someone"],"execution":"e"}`

func TestRendersTheVersionThatWasReleased(t *testing.T) {
	r, store := begin(t, 0)
	store.Put("scripts/a b.json", "v2", "the released one")
	store.Put("scripts/a b.json", "v3", "a later one")
	store.Send(released)
	if err := r.next(context.Background()); err != nil {
		t.Fatal(err)
	}
	for key, part := range map[string]string{"subtitles/a b.vtt": "WEBVTT", "video/short/a b.mp4": "version v2", "video/long/a b.mp4": "version v2"} {
		if !strings.Contains(store.Get(key), part) {
			t.Fatalf("%s holds %q", key, store.Get(key))
		}
	}
	if deleted, _, _ := store.Count(); deleted != 1 {
		t.Fatal("the message is still there")
	}
}

func TestRefusesWhatNobodyReleased(t *testing.T) {
	r, store := begin(t, 0)
	for _, body := range []string{
		"no json",
		`{"bucket":"artifacts","key":"scripts/a.json","approval":"release"}`,
		`{"bucket":"artifacts","key":"scripts/a.json","versionId":"v2"}`,
		`{"bucket":"other","key":"scripts/a.json","versionId":"v2","approval":"release"}`,
		`{"bucket":"artifacts","key":"audio/raw/a.ogg","versionId":"v2","approval":"release"}`,
		`{"bucket":"artifacts","key":"scripts/..%2Fvideo%2Fa.json","versionId":"v2","approval":"release"}`,
	} {
		store.Send(body)
		if err := r.next(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if deleted, _, _ := store.Count(); deleted != 0 || len(store.Objects) != 0 {
		t.Fatalf("deleted %d, wrote %d", deleted, len(store.Objects))
	}
}

func TestGivesAJobBackThatItCannotEnd(t *testing.T) {
	r, store := begin(t, time.Hour)
	store.Put("scripts/a b.json", "v2", "script")
	store.Send(released)
	stop, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	if err := r.next(stop); err != nil {
		t.Fatal(err)
	}
	if deleted, gaveBack, waiting := store.Count(); deleted != 0 || gaveBack != 1 || waiting != 1 {
		t.Fatalf("deleted %d, gave back %d, waiting %d", deleted, gaveBack, waiting)
	}
}
