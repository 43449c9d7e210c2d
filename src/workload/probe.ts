// Workload model: how a process is asked, from inside its own container, whether it is well (RT-2).
import type { Service } from "./workload";

/** Address of a service's health, on the loopback interface of its own container. */
export function healthUrl({ port: name, path }: NonNullable<Service["health"]>, ports: Service["ports"]): string {
  const port = ports.find(port => port.name === name);
  return `${port?.protocol === "http" ? "http" : "https"}://127.0.0.1:${port?.number}${path}`;
}

/**
 * A shell command that ends in zero if the answer is a success.
 *
 * Asks with whichever client the image has. The certificate is not checked: the process asks itself, over loopback.
 */
export function probeCommand(url: string, timeout: number): string {
  const python = `import ssl,urllib.request as r;r.urlopen('${url}',timeout=${timeout},context=ssl._create_unverified_context())`;
  return (
    `if command -v curl >/dev/null; then curl -fsk -m ${timeout} -o /dev/null ${url}; ` +
    `elif command -v wget >/dev/null; then wget -q --no-check-certificate -T ${timeout} -O /dev/null ${url}; ` +
    `else python3 -c "${python}"; fi || exit 1`
  );
}
