import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, Validations } from 'aws-cdk-lib';
import { createApp } from '../../lib/infra/app.ts';
import { functionNames } from '../../lib/infra/function-table.ts';
import type { ProctorStack } from '../../lib/infra/stack.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
}
export interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Outputs: Record<string, { readonly Value: unknown }>;
}

/** The template, synthesized with every check of a deployment. What the functions do is not part of it: their bundles are stubs. */
export function synthesize(
  change: (stack: ProctorStack) => void = () => {},
  context: Record<string, unknown> = {},
): { readonly app: App; readonly template: Template } {
  const directory = mkdtempSync(join(tmpdir(), 'proctor-synth-'));
  for (const name of functionNames) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'index.cjs'), `exports.handler = async () => '${name}';`);
  }
  // Findings that are no errors would be looked for all the same, for ten seconds.
  const builtinCloudFormationValidation = context['@aws-cdk/core:validateAgainstDefaultRules'] !== false;
  const { app, stack } = createApp(directory, {
    outdir: join(directory, 'cdk.out'),
    context,
    builtinCloudFormationValidation,
  });
  change(stack);
  const template = app.synth().getStackByName(stack.stackName).template as Template;
  return { app, template };
}

/** Everything acknowledged anywhere in the app. */
export function acknowledgements(app: App): { readonly path: string; readonly id: string; readonly reason: string }[] {
  return app.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) =>
        Object.entries(data as Record<string, string>).map(([id, reason]) => ({
          path: construct.node.path,
          id,
          reason,
        })),
      ),
  );
}

export function resourcesOf(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, { Type }]) => Type === type);
}

/** Short text for an intrinsic: `Table`, `Table/index/due`, `arn:aws:states:…`. Logical ids lose their hash. */
export function show(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[intrinsic, operand] = []] = Object.entries(value as Record<string, unknown>);
  if (intrinsic === 'Ref') return withoutHash(String(operand));
  if (intrinsic === 'Fn::GetAtt') return withoutHash(String((operand as string[])[0]));
  if (intrinsic === 'Fn::Join') return ((operand as [string, unknown[]])[1] ?? []).map(show).join('');
  if (intrinsic === 'Fn::Select' || intrinsic === 'Fn::Sub') return JSON.stringify(operand);
  throw new Error(`${intrinsic} is not known here`);
}

export function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}
