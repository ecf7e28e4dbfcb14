/** 30 MB of JUnit XML for 100,000 cases, in pieces of 64 kB: output with each, a stack trace with every tenth. */
export function largeJunit(cases: number): Buffer[] {
  const parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="bench">\n'];
  for (let i = 0; i < cases; i += 1) {
    const suite = Math.floor(i / 100);
    if (i % 100 === 0)
      parts.push(`${i > 0 ? '</testsuite>\n' : ''}<testsuite name="com.example.Suite${suite}" tests="100">\n`);
    const start = `<testcase classname="com.example.shop.checkout.Suite${suite}" name="does thing number ${i} with the basket" time="0.${i % 1000}" file="src/test/Suite${suite}.java"`;
    const output = `<system-out>line of output ${i}, about as long as they are in practice, twice over</system-out>`;
    const trace = `<failure message="expected ${i} &lt; 3" type="AssertionError"><![CDATA[${'at com.example.Frame.call(Frame.java:42)\n'.repeat(18)}]]></failure>`;
    parts.push(`${start}>${i % 10 === 0 ? trace : output}</testcase>\n`);
  }
  const bytes = Buffer.from(`${parts.join('')}</testsuite>\n</testsuites>\n`);
  const size = 65_536;
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}
