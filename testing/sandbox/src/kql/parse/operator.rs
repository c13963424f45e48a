//! The operators behind a `|`.

use super::{Parsed, Parser};
use crate::kql::{
    error::QueryError,
    syntax::{Expansion, Expression, Join, JoinKind, Named, SortKey, Step, Union},
    value::{Datum, Kind},
};

impl Parser {
    pub(super) fn step(&mut self) -> Parsed<Step> {
        let name = self.name().map_err(|_| QueryError::syntax("Query operator expected."))?;
        match name.as_str() {
            "where" | "filter" => Ok(Step::Where(self.scalar()?)),
            "extend" => Ok(Step::Extend(self.named_list()?)),
            "project" => Ok(Step::Project(self.named_list()?)),
            "project-away" => Ok(Step::ProjectAway(self.list(Self::name)?)),
            "project-keep" => Ok(Step::ProjectKeep(self.list(Self::name)?)),
            "project-rename" => Ok(Step::ProjectRename(self.list(Self::renaming)?)),
            "summarize" => self.summarize(),
            "sort" | "order" => self.sort(),
            "take" | "limit" => Ok(Step::Take(self.scalar()?)),
            "distinct" => self.distinct(),
            "join" => self.join(),
            "union" => Ok(Step::Union(self.union()?)),
            "mv-expand" | "mvexpand" => Ok(Step::Expand(self.list(Self::expansion)?)),
            "count" => Ok(Step::Count),
            "serialize" => self.serialize(),
            other => Err(QueryError::not_imitated(format_args!("the operator '{other}'"))),
        }
    }

    /// `name = value, value, …`
    pub(super) fn named_list(&mut self) -> Parsed<Vec<Named>> {
        self.list(Self::named)
    }

    fn named(&mut self) -> Parsed<Named> {
        let name = if self.is_before("=") {
            let name = self.name()?;
            self.expect("=")?;
            Some(name)
        } else {
            None
        };
        Ok(Named { name, value: self.scalar()? })
    }

    fn renaming(&mut self) -> Parsed<(String, String)> {
        let new = self.name()?;
        self.expect("=")?;
        Ok((new, self.name()?))
    }

    fn summarize(&mut self) -> Parsed<Step> {
        let aggregates = if self.is_name("by") { Vec::new() } else { self.named_list()? };
        let by = if self.take_name("by") { self.named_list()? } else { Vec::new() };
        Ok(Step::Summarize { aggregates, by })
    }

    fn sort(&mut self) -> Parsed<Step> {
        self.expect_name("by")?;
        Ok(Step::Sort(self.list(Self::sort_key)?))
    }

    /// Descending unless said otherwise; nulls are the smallest values unless said otherwise.
    fn sort_key(&mut self) -> Parsed<SortKey> {
        let value = self.scalar()?;
        let is_ascending = self.take_name("asc");
        if !is_ascending {
            self.take_name("desc");
        }
        let nulls_first = if self.take_name("nulls") {
            let is_first = self.take_name("first");
            if !is_first {
                self.expect_name("last")?;
            }
            is_first
        } else {
            is_ascending
        };
        Ok(SortKey { value, is_ascending, nulls_first })
    }

    fn distinct(&mut self) -> Parsed<Step> {
        if self.take("*") {
            return Ok(Step::Distinct(vec![Named { name: None, value: Expression::Star }]));
        }
        Ok(Step::Distinct(self.named_list()?))
    }

    fn serialize(&mut self) -> Parsed<Step> {
        let goes_on = self.peek().is_some() && !self.is_mark("|") && !self.is_mark(")");
        let items = if goes_on && !self.is_mark(";") { self.named_list()? } else { Vec::new() };
        Ok(Step::Serialize(items))
    }

    /// `[kind = inner|outer] operand, operand, …`
    pub(super) fn union(&mut self) -> Parsed<Union> {
        let kind = self.parameter("kind")?;
        let is_inner = match kind.as_deref() {
            None | Some("outer") => false,
            Some("inner") => true,
            Some(_) => return Err(QueryError::unrecognized()),
        };
        Ok(Union { is_inner, operands: self.list(Self::scalar)? })
    }

    /// `[kind = …] right on column, $left.a == $right.b, …`
    fn join(&mut self) -> Parsed<Step> {
        let kind = match self.parameter("kind")?.as_deref() {
            None | Some("innerunique") => JoinKind::InnerUnique,
            Some("inner") => JoinKind::Inner,
            Some("leftouter") => JoinKind::LeftOuter,
            Some("leftsemi") => JoinKind::LeftSemi,
            Some("leftanti" | "anti" | "leftantisemi") => JoinKind::LeftAnti,
            Some(kind) => {
                return Err(QueryError::not_imitated(format_args!("the join kind '{kind}'")));
            }
        };
        let right = self.scalar()?;
        self.expect_name("on")?;
        Ok(Step::Join(Join { kind, right, on: self.list(Self::join_columns)? }))
    }

    fn join_columns(&mut self) -> Parsed<(String, String)> {
        if !self.is_name("$left") && !self.is_name("$right") {
            let name = self.name()?;
            return Ok((name.clone(), name));
        }
        let is_left_first = self.name()? == "$left";
        self.expect(".")?;
        let first = self.name()?;
        self.expect("==")?;
        self.expect_name(if is_left_first { "$right" } else { "$left" })?;
        self.expect(".")?;
        let second = self.name()?;
        Ok(if is_left_first { (first, second) } else { (second, first) })
    }

    /// `name = value`, before an operator's arguments.
    fn parameter(&mut self, name: &str) -> Parsed<Option<String>> {
        if !(self.is_name(name) && self.is_before("=")) {
            return Ok(None);
        }
        self.take_name(name);
        self.expect("=")?;
        Ok(Some(self.name()?))
    }

    /// `[name =] array [to typeof(kind)]`
    fn expansion(&mut self) -> Parsed<Expansion> {
        let item = self.named()?;
        let kind = if self.take_name("to") { self.type_of()? } else { Kind::Dynamic };
        Ok(Expansion { item, kind })
    }

    fn type_of(&mut self) -> Parsed<Kind> {
        self.expect_name("typeof")?;
        self.expect("(")?;
        let kind = Kind::named(&self.name()?).ok_or_else(QueryError::unrecognized)?;
        self.expect(")")?;
        Ok(kind)
    }
}

impl Expression {
    /// The literal number, as `take` needs one.
    pub(in crate::kql) fn as_count(&self) -> Option<usize> {
        match self {
            Self::Literal(Datum::Long(count)) => usize::try_from(*count).ok(),
            _ => None,
        }
    }
}
