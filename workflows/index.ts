export { capture } from './capture';
export { follow } from './follow';
export { sync } from './sync';
