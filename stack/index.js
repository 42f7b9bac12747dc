'use strict';

const { provision } = require('./provision');
const { allParts } = require('./parts');
const { attachStack, openStack } = require('./stack');

module.exports = { provision, openStack, attachStack, allParts };
