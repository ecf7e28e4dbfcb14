import { useState } from 'preact/hooks';
import type { Plan } from '../core/use-plan.ts';
import { CodeBlock } from './code-block.tsx';
import { Copy } from './copy.tsx';
import { CopyLine } from './copy-line.tsx';

/** The plan as people write it. It is changed where it is kept, so it is only shown. */
export function PlanDocument({ document }: Pick<Plan, 'document'>) {
  const [text, setText] = useState<string>();
  const onToggle = async ({ currentTarget }: { readonly currentTarget: HTMLDetailsElement }) => {
    if (!currentTarget.open) return;
    const { version: _, createdAt: _c, updatedAt: _u, createdBy: _b, updatedBy: _w, links: _l, ...plan } = document;
    const writeYaml = await import('../core/write-yaml.ts').then(
      (module) => module.writeYaml,
      () => (value: object) => JSON.stringify(value, null, 2),
    );
    setText(writeYaml(plan));
  };
  return (
    <section aria-labelledby="document">
      <h2 id="document">Plan</h2>
      <p>
        Version {document.version}, read-only here. To change it, take it along, edit it, and apply it with{' '}
        <code>proctor plans apply plan.yaml</code>:
      </p>
      <CopyLine text={`proctor plans show ${document.id} > plan.yaml`} what="the command" />
      <details class="folded" onToggle={onToggle}>
        <summary>The document</summary>
        {text === undefined ? null : (
          <div class="stack">
            <Copy text={text} what="the document" />
            <CodeBlock label="The plan as YAML" text={text} />
          </div>
        )}
      </details>
    </section>
  );
}
