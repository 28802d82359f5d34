/**
 * Tests embed the contracts that they create, so a mutant would compile half of the tests anew, 40 s. Detached, they ask the
 * test runner for the code (`vm.getCode`) and create that: they are compiled once, and a mutant costs its own contract.
 */
import { child, rangeOf, text, walk } from './ast.ts';
import type { AstNode } from './ast.ts';
import { replaceBytes } from './replace.ts';
import { isCore } from './sources.ts';
import type { Sources } from './sources.ts';

const CREATE = 'test/contracts/support/CreateByName.sol';
const CREATE_SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

interface GetCode {
    function getCode(string calldata name) external view returns (bytes memory);
}

function createByName(string memory name, bytes memory arguments) returns (address created) {
    bytes memory code = bytes.concat(GetCode(address(uint160(uint256(keccak256("hevm cheat code"))))).getCode(name), arguments);
    assembly ("memory-safe") {
        created := create(0, add(code, 32), mload(code))
        if iszero(created) {
            let free := mload(0x40)
            returndatacopy(free, 0, returndatasize())
            revert(free, returndatasize())
        }
    }
}
`;

/** @returns the sources with tests that create the core's contracts by name */
export function detachTests(sources: Sources, asts: Readonly<Record<string, AstNode>>): Sources {
  const files = filesOfContracts(asts);
  const detached: Record<string, string> = { ...sources, [CREATE]: CREATE_SOURCE };
  for (const [path, source] of Object.entries(sources)) {
    const ast = asts[path];
    if (!path.startsWith('test/') || ast === undefined) continue;
    const edits = [...walk(ast)].flatMap(({ node }) => creationOf(node, source, files));
    if (edits.length === 0) continue;
    // From the end, so that the offsets of those before stay.
    const edited = edits.reverse().reduce((whole, edit) => replaceBytes(whole, edit), source);
    detached[path] = `${edited}\nimport {createByName} from "${CREATE}";\n`;
  }
  return detached;
}

function filesOfContracts(asts: Readonly<Record<string, AstNode>>): Map<unknown, string> {
  const files = new Map<unknown, string>();
  for (const [path, ast] of Object.entries(asts)) {
    if (!isCore(path)) continue;
    for (const { node } of walk(ast)) if (node.nodeType === 'ContractDefinition') files.set(node.id, path);
  }
  return files;
}

function creationOf(node: AstNode, source: string, files: Map<unknown, string>) {
  const creation = child(node, 'expression');
  if (node.nodeType !== 'FunctionCall' || creation?.nodeType !== 'NewExpression') return [];
  const type = child(creation, 'typeName');
  const path = type === undefined ? undefined : child(type, 'pathNode');
  const file = files.get(path?.['referencedDeclaration']);
  if (path === undefined || file === undefined) return [];
  const { start, end } = rangeOf(node);
  const argumentsFrom = rangeOf(creation).end;
  const given = Buffer.from(source).subarray(argumentsFrom, end).toString();
  const name = text(path, 'name');
  return [{ start, end, replacement: `${name}(createByName("${file}:${name}", abi.encode${given}))` }];
}
