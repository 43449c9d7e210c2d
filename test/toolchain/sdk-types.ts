// The arguments of the SDK's resources, read from its type declarations, in the words of a Pulumi package schema.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import type { PluginName } from "../../toolchain/versions";

/** A type, as deep as names and lists go: what both the SDK and the provider's schema can be read as. */
export type Shape =
  | { kind: "plain"; name: string }
  | { kind: "list" | "map"; of: Shape }
  | { kind: "object"; name: string };

export interface Property {
  required: boolean;
  shape: Shape;
}
export type Properties = Map<string, Property>;

export class SdkTypes {
  private readonly nested: Map<string, ts.InterfaceDeclaration>;
  private readonly root: string;

  constructor(plugin: PluginName) {
    this.root = join(PROJECT_DIRECTORY, "node_modules", "@pulumi", plugin);
    this.nested = plugin === "aws" ? interfaces(parse(join(this.root, "types", "input.d.ts"))) : new Map();
  }

  /** Arguments of a resource type, such as `aws:ec2/vpc:Vpc`. */
  argumentsOf(token: string): Properties {
    const [, path = "", type = ""] = token.split(":");
    const file = parse(join(this.root, `${path.replace(/^index\//, "")}.d.ts`));
    return properties(interfaces(file).get(`${type}Args`));
  }

  /** Properties of a nested type, such as `ecs.ServiceLoadBalancer`. */
  propertiesOf(name: string): Properties {
    return properties(this.nested.get(name));
  }
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
}

/** Interfaces of a file, by name; below a namespace, `namespace.Name`. */
function interfaces(file: ts.SourceFile): Map<string, ts.InterfaceDeclaration> {
  const found = new Map<string, ts.InterfaceDeclaration>();
  const visit = (node: ts.Node, prefix: string): void => {
    if (ts.isInterfaceDeclaration(node)) found.set(prefix + node.name.text, node);
    else if (ts.isModuleDeclaration(node) && node.body)
      ts.forEachChild(node.body, c => visit(c, `${prefix}${node.name.text}.`));
  };
  ts.forEachChild(file, node => visit(node, ""));
  return found;
}

function properties(declaration: ts.InterfaceDeclaration | undefined): Properties {
  const found: Properties = new Map();
  for (const member of declaration?.members ?? [])
    if (
      ts.isPropertySignature(member) &&
      member.type &&
      (ts.isIdentifier(member.name) || ts.isStringLiteral(member.name))
    )
      found.set(member.name.text, { required: !member.questionToken, shape: shapeOf(member.type) });
  return found;
}

function shapeOf(type: ts.TypeNode): Shape {
  if (ts.isParenthesizedTypeNode(type)) return shapeOf(type.type);
  if (ts.isArrayTypeNode(type)) return { kind: "list", of: shapeOf(type.elementType) };
  // A string or an enum, an ARN or a resource: the string is what goes over the wire.
  if (ts.isUnionTypeNode(type)) {
    const text = type.types.find(t => t.kind === ts.SyntaxKind.StringKeyword);
    return shapeOf(text ?? type.types[0] ?? type);
  }
  if (ts.isTypeLiteralNode(type)) {
    const [index] = type.members;
    if (index && ts.isIndexSignatureDeclaration(index)) return { kind: "map", of: shapeOf(index.type) };
  }
  if (ts.isTypeReferenceNode(type)) {
    const name = entityName(type.typeName);
    const [argument] = type.typeArguments ?? [];
    if (name === "pulumi.Input" && argument) return shapeOf(argument);
    if (name.startsWith("inputs.")) return { kind: "object", name: name.slice("inputs.".length) };
    if (name.startsWith("pulumi.asset.")) return { kind: "plain", name: "asset" };
    return { kind: "plain", name: "string" };
  }
  const plain = { [ts.SyntaxKind.NumberKeyword]: "number", [ts.SyntaxKind.BooleanKeyword]: "boolean" }[
    type.kind as number
  ];
  return { kind: "plain", name: plain ?? "string" };
}

function entityName(name: ts.EntityName): string {
  return ts.isIdentifier(name) ? name.text : `${entityName(name.left)}.${name.right.text}`;
}
