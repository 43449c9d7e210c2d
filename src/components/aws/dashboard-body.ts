// AWS components: what a workload's dashboard shows, as the JSON CloudWatch takes. Pure, and without a clock: the same deployment, the same body.
import { type DashboardService, type Graph, graphsOf } from "./dashboard-graphs";

/** What is deployed. */
export interface Release {
  /** Git commit of the images. */
  buildSha: string;
  /** Config manifest the deployment was made from (RT-13). */
  manifestId?: string;
  /** When the release was deployed, RFC 3339; from the release's configuration, since a clock would change every preview. */
  deployedAt?: string;
}

export interface DashboardInputs {
  title: string;
  environment: string;
  region: string;
  release: Release;
  services: DashboardService[];
}

export interface Widget {
  type: "text" | "metric" | "alarm";
  x: number;
  y: number;
  width: number;
  height: number;
  properties: Record<string, unknown>;
}

const columns = 24;
const graphWidth = 8;
const graphHeight = 6;
/** A widget takes no more alarms. */
const alarmsPerWidget = 100;

export function dashboardBody(inputs: DashboardInputs): { widgets: Widget[] } {
  const widgets = [text(0, 2, header(inputs)), ...alarmWidgets(inputs.services, 2)];
  let y = bottom(widgets);
  for (const service of inputs.services) {
    const graphs = graphsOf(service).map((graph, i) => graphWidget(graph, i, y + 1, inputs));
    widgets.push(text(y, 1, `## ${service.name}\n`), ...graphs);
    y = bottom(widgets);
  }
  return { widgets };
}

function header({ title, environment, release }: DashboardInputs): string {
  const { manifestId, buildSha, deployedAt } = release;
  const facts = [
    `manifest ${manifestId ? `\`${manifestId}\`` : "none"}`,
    `build \`${buildSha}\``,
    ...(deployedAt ? [`deployed ${deployedAt}`] : []),
  ];
  return `# ${title}, ${environment}\n${facts.join(" · ")}\n`;
}

/** The vertical line in every graph (RT-24). */
function deployment({ manifestId, buildSha, deployedAt }: Release) {
  if (!deployedAt) return [];
  const label = [manifestId, buildSha.slice(0, 12)].filter(Boolean).join(" ");
  return [{ label, value: deployedAt }];
}

function alarmWidgets(services: DashboardService[], y: number): Widget[] {
  const arns = services.flatMap(({ alarmArns }) => Object.values(alarmArns));
  const chunks = Array.from({ length: Math.ceil(arns.length / alarmsPerWidget) }, (_, i) =>
    arns.slice(i * alarmsPerWidget, (i + 1) * alarmsPerWidget),
  );
  return chunks.map((alarms, i) => ({
    type: "alarm",
    x: 0,
    y: y + i * 4,
    width: columns,
    height: 4,
    properties: { title: "Alarms", alarms },
  }));
}

function graphWidget({ title, metrics, limit }: Graph, index: number, y: number, inputs: DashboardInputs): Widget {
  const perRow = columns / graphWidth;
  return {
    type: "metric",
    x: (index % perRow) * graphWidth,
    y: y + Math.floor(index / perRow) * graphHeight,
    width: graphWidth,
    height: graphHeight,
    properties: {
      title,
      region: inputs.region,
      view: "timeSeries",
      period: 300,
      metrics,
      annotations: {
        horizontal: limit === undefined ? [] : [{ label: "alarm", value: limit }],
        vertical: deployment(inputs.release),
      },
    },
  };
}

function text(y: number, height: number, markdown: string): Widget {
  return { type: "text", x: 0, y, width: columns, height, properties: { markdown } };
}

function bottom(widgets: readonly Widget[]): number {
  return Math.max(0, ...widgets.map(({ y, height }) => y + height));
}
