// AWS components: what a log router does with each record, as Fluent Bit's configuration. Pure (SP-6, SP-8, SP-9, SP-15).
import { kindField, type RecordFields } from "../../workload/declared-record";

/** One log of a service's standard output. */
export interface LogRoute {
  /** Log group of records that belong to no tenant. */
  group: string;
  /** What a record may hold; left out: whatever it holds. */
  fields?: RecordFields;
  /** A record that holds anything else is dropped whole, not just what it may not hold. */
  strict?: boolean;
  /** A record that lacks a field says so in `missing`. */
  complete?: boolean;
}

export interface LogRoutes {
  region: string;
  /** By kind of log; records that name none of these are the application's. */
  routes: { application: LogRoute } & Record<string, LogRoute>;
  /** Field that names a record's tenant, and the group of each tenant and kind: `<prefix>/<tenant>/<kind>`. */
  tenants?: { claim: string; ids: string[]; prefix: string; kinds: string[] };
}

/** Directory in memory where the router finds its configuration. */
export const routesDirectory = "/palisade";

/** Names of the files in it. */
export const routeFiles = { main: "routes.conf", parsers: "parsers.conf", script: "route.lua" } as const;

const inDirectory = (file: keyof typeof routeFiles) => `${routesDirectory}/${routeFiles[file]}`;

/** ECS tags records with `<container>-firelens-<task>`. */
const match = "*-firelens-*";

/** Files of the configuration by name; FireLens's own includes the first and adds what it needs to receive records. */
export function routeConfiguration(routes: LogRoutes): Record<keyof typeof routeFiles, string> {
  return {
    main: sections([
      // Unlike a full buffer, an unreachable CloudWatch loses nothing: what is unsent is tried again until the task ends.
      ["SERVICE", { Flush: "1", Grace: "25", Log_Level: "warn", Parsers_File: inDirectory("parsers") }],
      ["FILTER", { Name: "parser", Match: match, Key_Name: "log", Parser: "record", Reserve_Data: "Off" }],
      ["FILTER", { Name: "lua", Match: match, script: inDirectory("script"), call: "route" }],
      [
        "OUTPUT",
        {
          Name: "cloudwatch_logs",
          Match: match,
          region: routes.region,
          log_group_name: routes.routes.application.group,
          log_group_template: "$log_group",
          log_stream_prefix: "task/",
          auto_create_group: "Off",
          retry_limit: "no_limits",
        },
      ],
    ]),
    parsers: sections([["PARSER", { Name: "record", Format: "json" }]]),
    script: `local spec = ${lua(specification(routes))}\n${program}`,
  };
}

function sections(all: [name: string, properties: Record<string, string>][]): string {
  return all
    .map(([name, properties]) =>
      [`[${name}]`, ...Object.entries(properties).map(([key, value]) => `    ${key} ${value}`), ""].join("\n"),
    )
    .join("\n");
}

type LuaValue = string | number | boolean | { [key: string]: LuaValue };

/** Names and values come from the specification and the stack, whose schemas leave nothing to escape; JSON's quotes do. */
function lua(value: LuaValue): string {
  if (typeof value !== "object") return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, child]) => `[${JSON.stringify(key)}] = ${lua(child)}`)
    .join(", ")} }`;
}

const setOf = (names: readonly string[]) => Object.fromEntries(names.map(name => [name, true]));

function specification({ routes, tenants }: LogRoutes): LuaValue {
  return {
    routes: Object.fromEntries(
      Object.entries(routes).map(([kind, { group, fields, strict, complete }]) => [
        kind,
        {
          group,
          ...(fields && {
            fields: { ...declared(fields), ...(tenants && !strict && { [tenants.claim]: "identifier" }) },
          }),
          ...(strict && { strict }),
          ...(complete && { complete }),
        },
      ]),
    ),
    ...(tenants && {
      tenants: {
        claim: tenants.claim,
        ids: setOf(tenants.ids),
        prefix: tenants.prefix,
        kinds: setOf(tenants.kinds),
      },
    }),
  };
}

function declared(fields: RecordFields): { [key: string]: LuaValue } {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, typeof field === "object" ? setOf(field.oneOf) : field]),
  );
}

/** The same checks as `valueSchema`, in Lua 5.1, which has patterns instead of regular expressions. */
const program = `
local function text(value, most)
  return type(value) == "string" and #value >= 1 and #value <= most
end

local checks = {
  number = function(value) return type(value) == "number" and value == value and math.abs(value) ~= math.huge end,
  ratio = function(value) return type(value) == "number" and value >= 0 and value <= 1 end,
  boolean = function(value) return type(value) == "boolean" end,
  digest = function(value) return text(value, 64) and #value == 64 and not value:find("[^0-9a-f]") end,
  identifier = function(value) return text(value, 64) and not value:find("[^%w_.:-]") end,
  timestamp = function(value)
    if not text(value, 30) then return false end
    local rest = value:match("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d(.*)Z$")
    return rest ~= nil and (rest == "" or rest:find("^%.%d+$") ~= nil)
  end,
}

local function fits(field, value)
  if type(field) == "table" then return type(value) == "string" and field[value] == true end
  return checks[field](value)
end

local function permitted(route, record)
  local kept, withheld, missing = {}, 0, 0
  for name, value in pairs(record) do
    local field = route.fields[name]
    if field ~= nil and fits(field, value) then
      kept[name] = value
    elseif name ~= "${kindField}" then
      withheld = withheld + 1
    end
  end
  for name in pairs(route.fields) do
    if kept[name] == nil then missing = missing + 1 end
  end
  if route.strict and (withheld > 0 or missing > 0) then return nil end
  if withheld > 0 then kept.withheld = withheld end
  if route.complete and missing > 0 then kept.missing = missing end
  return kept
end

local function group(kind, route, record)
  local tenants = spec.tenants
  local tenant = tenants and record[tenants.claim]
  if type(tenant) == "string" and tenants.ids[tenant] and tenants.kinds[kind] then
    return tenants.prefix .. "/" .. tenant .. "/" .. kind
  end
  return route.group
end

function route(tag, timestamp, record)
  local kind = record["${kindField}"]
  if type(kind) ~= "string" or spec.routes[kind] == nil then kind = "application" end
  local chosen = spec.routes[kind]
  local kept = record
  if chosen.fields ~= nil then kept = permitted(chosen, record) end
  if kept == nil then return -1, timestamp, record end
  kept["${kindField}"] = kind
  kept.log_group = group(kind, chosen, kept)
  return 2, timestamp, kept
end
`;
