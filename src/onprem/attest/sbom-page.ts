// Attest: one page over all SBOMs that a person reads with no network: no script, nothing from outside (RT-8). Pure.
import { type Bom, type Component, licencesOf } from "./bom";

/** What stands at the top of the page. */
export interface PageHead {
  stack: string;
  environment: string;
  version: string;
  /** RFC 3339. */
  createdAt: string;
}

/** An image and what it holds. */
export interface ListedImage {
  repository: string;
  digest: string;
  /** File of its SBOM, relative to the page. */
  file: string;
  bom: Bom;
}

/** Even if text got past the escaping, a browser would run none of it and fetch nothing. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd;overflow-wrap:anywhere}
th{background:#f3f3f3}code{font-size:.9em;overflow-wrap:anywhere}summary{cursor:pointer;font-weight:600}details{margin:1rem 0}
@media print{details>*{display:block}}@media(prefers-color-scheme:dark){body{color:#eee;background:#181818}th{background:#2a2a2a}th,td{border-color:#444}a{color:#8cb4ff}}`;

/** The page, as HTML. The same SBOMs give the same bytes. */
export function sbomPage(head: PageHead, images: readonly ListedImage[]): string {
  const title = `What ${head.stack} ${head.version} holds`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>Environment ${escaped(head.environment)}, made ${escaped(head.createdAt)}. Packages as syft found them in each image; the files
beside this page (CycloneDX) say more, and are what a scanner reads.</p>
<table>
<thead><tr><th scope="col">Image</th><th scope="col">Digest</th><th scope="col">Packages</th><th scope="col">Without a licence named</th></tr></thead>
<tbody>
${images.map(summary).join("\n")}
</tbody>
</table>
${images.map(section).join("\n")}
</body>
</html>
`;
}

/** Packages, without the files and the operating system that syft lists too. */
export const packagesOf = ({ components }: Bom) =>
  components.filter(({ type }) => type !== "file" && type !== "operating-system");

function summary({ repository, digest, bom }: ListedImage, index: number): string {
  const packages = packagesOf(bom);
  const silent = packages.filter(each => licencesOf(each).length === 0).length;
  return `<tr><td><a href="#image-${index}">${escaped(repository)}</a></td><td><code>${escaped(digest)}</code></td><td>${packages.length}</td><td>${silent}</td></tr>`;
}

function section({ repository, file, bom }: ListedImage, index: number): string {
  const system = bom.components.find(({ type }) => type === "operating-system");
  const on = system ? ` on ${escaped([system.name, system.version].filter(Boolean).join(" "))}` : "";
  return `<details id="image-${index}" open>
<summary>${escaped(repository)}${on}</summary>
<p><a href="${escaped(encodeURI(file))}">${escaped(file)}</a></p>
<table>
<thead><tr><th scope="col">Package</th><th scope="col">Version</th><th scope="col">Kind</th><th scope="col">Licence</th></tr></thead>
<tbody>
${packagesOf(bom).map(row).join("\n")}
</tbody>
</table>
</details>`;
}

function row(component: Component): string {
  const cells = [
    component.name,
    component.version ?? "",
    kindOf(component),
    licencesOf(component).join(", ") || "not named",
  ];
  return `<tr>${cells.map(text => `<td>${escaped(text)}</td>`).join("")}</tr>`;
}

/** The package's ecosystem, such as deb or npm. */
const kindOf = ({ purl, type }: Component) => /^pkg:([a-z0-9.+-]+)\//i.exec(purl ?? "")?.[1] ?? type;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Safe as text and in a quoted attribute. */
const escaped = (text: string) => text.replace(/[&<>"']/g, character => entities[character] ?? "");
