import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byFile, countFiles, type FixtureCase, identityOf } from './names.ts';
import { prepareGo } from './prepare.ts';
import type { Runner } from './runner.ts';

const command = 'gotestsum --junitfile {report} -- -count=1 ./... {selection}';

export const goTest: Runner = {
  selector: 'go-test',
  version: () => prepareGo().replace('go version go', ''),
  dataDriven: { suite: 'example.com/shop/tax', className: '', name: 'TestTaxes' },
  writeProject(directory, count) {
    const cases = makeCases(count);
    for (const [file, own] of byFile(cases)) {
      const tests = own.map((one) => `func ${one.name}(t *testing.T) { ${toCall(identityOf(one), one.fails)} }`);
      writePackage(directory, `area${file}`, tests.join('\n'));
    }
    return { executor: { selector: 'go-test', command, directory }, cases };
  },
  writeIterations(directory, names, failing) {
    const runs = names.map((name) => {
      const call = toCall(name, name === failing ? 'always' : undefined);
      return `t.Run(${JSON.stringify(name)}, func(t *testing.T) { ${call} })`;
    });
    writePackage(directory, 'tax', `func TestTaxes(t *testing.T) {\n${runs.join('\n')}\n}`);
    return { selector: 'go-test', command, directory };
  },
};

// All in one package: with several, tests of a picked name run in each of them, and the run says so.
const failing: ReadonlyMap<string, FixtureCase['fails']> = new Map([
  ['TestAdds', 'always'],
  ['TestZahltÜberfällig', 'once'],
  ['TestPlain10', 'always'],
]);

function makeCases(count: number): FixtureCase[] {
  const fileCount = countFiles(count);
  const names = ['TestAdds', 'TestAddsUp', 'TestZahltÜberfällig', 'TestZahltÜber', 'Test_Ä'];
  return Array.from({ length: count }, (_, i) => {
    const file = i % fileCount;
    const at = Math.floor(i / fileCount);
    const name = names[at] ?? `TestPlain${at}`;
    const fails = file === 1 ? failing.get(name) : undefined;
    return { file, path: [], name, ...(fails && { fails }) };
  });
}

function writePackage(directory: string, name: string, tests: string): void {
  mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, 'go.mod'), 'module example.com/shop\n\ngo 1.19\n');
  writeFileSync(join(directory, name, `${name}_test.go`), `package ${name}\n\n${recorder}\n${tests}\n`);
}

function toCall(identity: string, fails: FixtureCase['fails']): string {
  return `ran(t, ${JSON.stringify(identity)}, "${fails ?? 'never'}")`;
}

const recorder = `import (
	"encoding/json"
	"os"
	"testing"
)

func ran(t *testing.T, identity string, fails string) {
	attempt := os.Getenv("PROCTOR_ATTEMPT")
	line, _ := json.Marshal([]string{attempt, identity})
	log, err := os.OpenFile(os.Getenv("RAN_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	log.Write(append(line, '\\n'))
	log.Close()
	if fails == "always" || (fails == "once" && attempt == "1") {
		t.Fatal("it fails")
	}
}
`;
