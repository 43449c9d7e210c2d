// AWS components: what a local AWS cannot do, so that a stack in it does not wait for it. Everything else is the same there.

/** A feature that is switched off in a local AWS. `npm start` prints this list; the golden previews show each feature. */
export interface LocalGap {
  feature: string;
  /** Why the local AWS cannot show it, and where it is shown. */
  reason: string;
}

export const localGaps: readonly LocalGap[] = [
  {
    feature: "waiting for the certificate to be issued",
    reason: "nobody resolves its DNS zone; the wait is in the previews of staging and prod",
  },
  {
    feature: "waiting for tasks to become healthy",
    reason: "it starts no containers; the wait is in the previews of staging and prod",
  },
  {
    feature: "waiting for machines and for deliveries to them",
    reason: "it boots no machines; the waits are in the previews of staging and prod",
  },
];
