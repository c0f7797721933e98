//! Format-List and Format-Table, as far as output of these cmdlets needs them.

use super::{Cmdlet, CmdletId, Impact, Kind, Parameter};

const PROPERTY: Parameter = Parameter::new(
    "Property",
    Kind::Objects,
    "The properties to print, in this order; * is all of them.",
)
.wildcards()
.at(0);
const GROUP_BY: Parameter = Parameter::new(
    "GroupBy",
    Kind::Text,
    "Puts objects together that have the same value of this property.",
);
const INPUT: Parameter =
    Parameter::new("InputObject", Kind::Object, "The objects to print.").by_value();
const FORCE: Parameter = Parameter::new(
    "Force",
    Kind::Switch,
    "Prints properties too that are hidden otherwise.",
);

pub(super) const LIST: Cmdlet = Cmdlet {
    id: CmdletId::FormatList,
    name: "Format-List",
    alias: Some("fl"),
    sets: &["All"],
    parameters: &[PROPERTY, GROUP_BY, FORCE, INPUT],
    impact: Impact::None,
};

pub(super) const TABLE: Cmdlet = Cmdlet {
    id: CmdletId::FormatTable,
    name: "Format-Table",
    alias: Some("ft"),
    sets: &["All"],
    parameters: &[
        PROPERTY,
        Parameter::new(
            "AutoSize",
            Kind::Switch,
            "Makes columns as wide as what stands in them.",
        ),
        Parameter::new(
            "HideTableHeaders",
            Kind::Switch,
            "Leaves out the names of the columns.",
        ),
        Parameter::new(
            "Wrap",
            Kind::Switch,
            "Continues what does not fit in a column on the next line.",
        ),
        GROUP_BY,
        FORCE,
        INPUT,
    ],
    impact: Impact::None,
};
