import { SaxesParser } from 'saxes';
import { ServiceError } from '../../core/errors.ts';
import { isIllegalReference, removeIllegalCharacters } from './clean-xml.ts';

/** What a document's reader wants to hear. Text arrives only while `captureText(true)` is in force. */
export interface XmlHandlers {
  open(name: string, attributes: Readonly<Record<string, string | undefined>>, depth: number): void;
  close(name: string, depth: number): void;
  text(text: string): void;
}

export interface XmlParser {
  write(text: string): void;
  end(): void;
  captureText(on: boolean): void;
  /** The refusal to throw from a handler; it names the current line. */
  unreadable(problem: string): ServiceError;
}

/**
 * A streaming XML parser for hostile input: DTDs are refused, illegal characters and references dropped, values cut
 * at some ten thousand characters. Time is linear, and memory does not grow with the document. Refusals are
 * REPORT_UNREADABLE with line and problem.
 */
export function createXmlParser(handlers: XmlHandlers, maxDepth: number): XmlParser {
  // Version 1.0 whatever the declaration says: 1.1 would refuse the C1 controls that 1.0 allows.
  const parser = new SaxesParser({ xmlns: false, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  const internals = parser as unknown as SaxesInternals;
  let depth = 0;
  let started = false;

  const unreadable = (problem: string) =>
    new ServiceError('REPORT_UNREADABLE', `JUnit report, line ${parser.line}: ${problem.slice(0, 200)}`);

  const resolveEntity = internals.parseEntity;
  internals.parseEntity = (entity) => (isIllegalReference(entity) ? '' : resolveEntity.call(parser, entity));

  parser.on('error', (error) => {
    throw unreadable(error.message);
  });
  parser.on('doctype', () => {
    throw unreadable('a document type declaration (<!DOCTYPE) is refused');
  });
  parser.on('opentag', (tag) => {
    depth += 1;
    if (depth > maxDepth) throw unreadable(`elements are nested deeper than ${maxDepth}`);
    handlers.open(tag.name, tag.attributes, depth);
  });
  parser.on('closetag', (tag) => {
    handlers.close(tag.name, depth);
    depth -= 1;
  });
  parser.on('cdata', (text) => {
    if (internals.textHandler !== undefined) handlers.text(text);
  });

  const feed = (piece: string) => {
    const clean = removeIllegalCharacters(piece);
    if (started) parser.write(clean);
    else {
      const trimmed = clean.trimStart();
      parser.line += clean.slice(0, clean.length - trimmed.length).split('\n').length - 1;
      started = trimmed !== '';
      if (started) parser.write(trimmed);
    }
    checkGrowth();
  };

  // saxes builds a value by appending, up to once a character: a 64 MiB value of `]]` or line feeds would take
  // gigabytes of string nodes. Nobody reads more than the first 16,000 characters, so the rest is dropped on the way.
  const checkGrowth = () => {
    if (internals.text.length > 2 * keptCharacters) internals.text = internals.text.slice(0, keptCharacters);
    if (internals.attribList.length > maxAttributes) throw unreadable('an element has thousands of attributes');
    if (internals.piTarget.length > keptCharacters) throw unreadable('a processing instruction has an endless name');
  };

  return {
    write(text) {
      if (text.length <= pieceCharacters) feed(text);
      else for (let at = 0; at < text.length; at += pieceCharacters) feed(text.slice(at, at + pieceCharacters));
    },
    end() {
      parser.close();
    },
    captureText(on) {
      if (on) parser.on('text', handlers.text);
      else parser.off('text');
    },
    unreadable,
  };
}

/** Private members of saxes 6.0.0, which is pinned; the hostile corpus of the tests fails if they ever change. */
interface SaxesInternals {
  text: string;
  piTarget: string;
  attribList: readonly unknown[];
  textHandler: unknown;
  parseEntity(entity: string): string;
}

const pieceCharacters = 65_536;
const keptCharacters = 32_768;
const maxAttributes = 2_000;
