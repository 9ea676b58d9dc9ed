/**
 * The parts of tsyringe that are used, loaded after the polyfill that it asks for. In one module, because
 * bundlers run a CommonJS import where its importer's body stands, and not before: elsewhere the order is lost.
 */
import 'reflect-metadata';

export { container, type DependencyContainer, injectable, injectAll } from 'tsyringe';
