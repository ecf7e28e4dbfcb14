import { base, href } from '../core/router.ts';
import type { Plan } from '../core/use-plan.ts';
import { CopyLine } from './copy-line.tsx';

/** The badge to put elsewhere, or the line that makes one. */
export function PlanBadge({ document: { id, name, badge } }: Pick<Plan, 'document'>) {
  const here = `${location.origin}${base}`;
  const title = name.replaceAll(/[[\]\\]/g, '\\$&');
  return (
    <section aria-labelledby="badge">
      <h2 id="badge">Badge</h2>
      {badge === 'public' ? (
        <>
          <p>
            <img src={href(`/badges/${id}.svg`)} alt={`Badge of ${name}`} height={20} />
          </p>
          <CopyLine
            text={`[![${title}](${here}/badges/${id}.svg)](${here}/plans/${id})`}
            what="the badge as Markdown"
          />
        </>
      ) : (
        <>
          <p>Nobody sees one yet. This line in the plan’s document makes it public:</p>
          <CopyLine text="badge: public" what="the line" />
        </>
      )}
    </section>
  );
}
