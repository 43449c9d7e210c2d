// Preflight: whether the clocks of this machine and the API server agree, and certificates are good by both (SA-6).
import { type Finding, failed, ok, warning } from "./finding";
import type { Check } from "./inputs";

/** Seconds of difference that certificates made here bear: each is good from five minutes before. */
const mostSeconds = 240;
/** Seconds from which somebody should look. */
const someSeconds = 30;
/** Days before the end of the server's certificate from which it is told. */
const endDays = 14;

export const clock: Check = async ({ plain, now = Date.now }) => {
  if (!plain) return [];
  const before = now();
  const { date, validity } = await plain("/version", {}, 64 * 1024);
  return judgeClock({ before, after: now(), server: date?.getTime(), validity });
};

export interface Clocks {
  /** This machine's before and after the request; milliseconds since 1970, as all here. */
  before: number;
  after: number;
  /** The server's, to the second. */
  server: number | undefined;
  validity: { from: Date; until: Date } | undefined;
}

/** Pure. */
export function judgeClock({ before, after, server, validity }: Clocks): Finding[] {
  const needed = `clocks within ${mostSeconds} s of each other`;
  const fix = "Set the clock that is wrong, such as: timedatectl set-ntp true";
  if (server === undefined)
    return [warning("clock", "the API server does not tell its time", needed, "Compare: date -u, here and on a node")];
  // Its clock is told in whole seconds, at some moment between question and answer.
  const seconds = Math.max(0, before - server - 1_000, server - after) / 1_000;
  const side = server > after ? "behind" : "ahead of";
  const found = `this machine's clock is ${Math.round(seconds)} s ${side} the API server's`;
  const findings: Finding[] = [
    seconds > mostSeconds
      ? failed("clock", found, needed, fix)
      : seconds > someSeconds
        ? warning("clock", found, needed, fix)
        : ok("clock", "this machine and the API server agree", needed),
  ];
  if (!validity) return findings;
  const left = (validity.until.getTime() - server) / 86_400_000;
  const until = validity.until.toISOString().slice(0, 10);
  if (validity.from.getTime() > server)
    findings.push(
      failed(
        "server-certificate",
        `the API server's certificate begins after its own clock`,
        "a certificate that is good now",
        fix,
      ),
    );
  else if (left < endDays)
    findings.push(
      warning(
        "server-certificate",
        `the API server's certificate ends on ${until}`,
        `${endDays} days`,
        "Renew it, such as with: kubeadm certs renew all",
      ),
    );
  else findings.push(ok("server-certificate", `good until ${until}`));
  return findings;
}
