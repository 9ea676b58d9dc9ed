import ts from 'typescript';

/** What TypeScript says against a module of this text, strictly; nothing when it is content. */
export function typeErrors(text: string): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, language) =>
    name === 'events.ts' ? ts.createSourceFile(name, text, language) : read(name, language);
  host.fileExists = (name) => name === 'events.ts' || ts.sys.fileExists(name);
  const program = ts.createProgram(['events.ts'], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
