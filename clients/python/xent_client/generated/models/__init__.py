"""Contains all the data models used in inputs/outputs"""

from .alternative import Alternative
from .array_type_1 import ArrayType1
from .bins import Bins
from .calibration import Calibration
from .calibration_sums import CalibrationSums
from .catalogue import Catalogue
from .catalogue_entry import CatalogueEntry
from .catalogue_entry_example import CatalogueEntryExample
from .catalogue_entry_loss_type import CatalogueEntryLossType
from .class_sums import ClassSums
from .compare_request import CompareRequest
from .compare_request_encoding_type_0 import CompareRequestEncodingType0
from .compare_request_loss_type_type_0 import CompareRequestLossTypeType0
from .compare_request_reduction_type_0 import CompareRequestReductionType0
from .compare_response import CompareResponse
from .compare_response_loss_type_type_0 import CompareResponseLossTypeType0
from .compared import Compared
from .comparison_sums import ComparisonSums
from .difference import Difference
from .different import Different
from .divergence import Divergence
from .divergence_figures import DivergenceFigures
from .divergence_sums import DivergenceSums
from .equivalents import Equivalents
from .fitted_temperature import FittedTemperature
from .health import Health
from .limits import Limits
from .loss_request import LossRequest
from .loss_request_advice_type_0 import LossRequestAdviceType0
from .loss_request_encoding_type_0 import LossRequestEncodingType0
from .loss_request_include_type_0_item import LossRequestIncludeType0Item
from .loss_request_loss_type_type_0 import LossRequestLossTypeType0
from .loss_request_reduction_type_0 import LossRequestReductionType0
from .loss_response import LossResponse
from .loss_response_loss_type import LossResponseLossType
from .loss_warning import LossWarning
from .loss_warning_change_type_0 import LossWarningChangeType0
from .loss_warning_evidence import LossWarningEvidence
from .loss_warning_severity import LossWarningSeverity
from .number_type_1 import NumberType1
from .parameter import Parameter
from .per_class import PerClass
from .problem import Problem
from .problem_error import ProblemError
from .reason import Reason
from .recommend_request import RecommendRequest
from .recommend_request_advice_type_0 import RecommendRequestAdviceType0
from .recommend_request_loss_type_type_0 import RecommendRequestLossTypeType0
from .recommend_request_reduction_type_0 import RecommendRequestReductionType0
from .recommend_response import RecommendResponse
from .recommendation import Recommendation
from .recommendation_label_kind import RecommendationLabelKind
from .recommendation_loss_type import RecommendationLossType
from .reduced import Reduced
from .reduced_reduction import ReducedReduction
from .sampled_softmax_request import SampledSoftmaxRequest
from .sampled_softmax_request_encoding_type_0 import SampledSoftmaxRequestEncodingType0
from .sampled_softmax_request_reduction_type_0 import (
    SampledSoftmaxRequestReductionType0,
)
from .sampled_softmax_request_sampler_type_0 import SampledSoftmaxRequestSamplerType0
from .sampled_softmax_response import SampledSoftmaxResponse
from .sampled_values import SampledValues
from .source import Source
from .suggested import Suggested
from .summary import Summary
from .summary_sums import SummarySums
from .tensor_object import TensorObject
from .tensor_object_dtype import TensorObjectDtype

__all__ = (
    "Alternative",
    "ArrayType1",
    "Bins",
    "Calibration",
    "CalibrationSums",
    "Catalogue",
    "CatalogueEntry",
    "CatalogueEntryExample",
    "CatalogueEntryLossType",
    "ClassSums",
    "Compared",
    "CompareRequest",
    "CompareRequestEncodingType0",
    "CompareRequestLossTypeType0",
    "CompareRequestReductionType0",
    "CompareResponse",
    "CompareResponseLossTypeType0",
    "ComparisonSums",
    "Difference",
    "Different",
    "Divergence",
    "DivergenceFigures",
    "DivergenceSums",
    "Equivalents",
    "FittedTemperature",
    "Health",
    "Limits",
    "LossRequest",
    "LossRequestAdviceType0",
    "LossRequestEncodingType0",
    "LossRequestIncludeType0Item",
    "LossRequestLossTypeType0",
    "LossRequestReductionType0",
    "LossResponse",
    "LossResponseLossType",
    "LossWarning",
    "LossWarningChangeType0",
    "LossWarningEvidence",
    "LossWarningSeverity",
    "NumberType1",
    "Parameter",
    "PerClass",
    "Problem",
    "ProblemError",
    "Reason",
    "Recommendation",
    "RecommendationLabelKind",
    "RecommendationLossType",
    "RecommendRequest",
    "RecommendRequestAdviceType0",
    "RecommendRequestLossTypeType0",
    "RecommendRequestReductionType0",
    "RecommendResponse",
    "Reduced",
    "ReducedReduction",
    "SampledSoftmaxRequest",
    "SampledSoftmaxRequestEncodingType0",
    "SampledSoftmaxRequestReductionType0",
    "SampledSoftmaxRequestSamplerType0",
    "SampledSoftmaxResponse",
    "SampledValues",
    "Source",
    "Suggested",
    "Summary",
    "SummarySums",
    "TensorObject",
    "TensorObjectDtype",
)
