// Not TypeScript: the types of Preact bring those of a browser into everything that is compiled beside them.
import { h } from 'preact';
import { render } from 'preact-render-to-string';

export { h as element, render };
